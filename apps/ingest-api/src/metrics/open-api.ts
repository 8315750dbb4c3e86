import type { ServiceOptions } from '@weir/nest-service';

import { METRICS_PATH } from './metrics-route.js';
import { PROBLEMS } from './problems.js';
import { REJECTIONS } from './rejections.js';

type OpenApiOptions = NonNullable<ServiceOptions['openApi']>;
type Document = Parameters<NonNullable<OpenApiOptions['extend']>>[0];
type Operation = NonNullable<Document['paths'][string]['post']>;
type Response = Exclude<Operation['responses'][string], undefined>;

/** Describes the hot route, which has no decorators to be described by. */
export const openApi: OpenApiOptions = {
  title: 'Weir ingest',
  description: 'Takes metrics in. A 202 means that Kafka has acknowledged them.',
  extend: (document) => ({
    ...document,
    paths: { ...document.paths, [METRICS_PATH]: { post: postMetrics() } },
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Metric, RejectedSample, Problem },
      securitySchemes: {
        ...document.components?.securitySchemes,
        bearer: { type: 'http', scheme: 'bearer', description: 'The API key.' },
      },
    },
  }),
};

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const Metric = {
  type: 'object',
  required: ['name', 'value', 'timestamp'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$', example: 'http_requests_total' },
    value: { type: 'number', format: 'double', example: 42 },
    timestamp: {
      oneOf: [
        { type: 'integer', format: 'int64', description: 'Epoch milliseconds.' },
        { type: 'string', format: 'date-time', description: 'RFC 3339, with an offset.' },
      ],
    },
    labels: { type: 'object', nullable: true, additionalProperties: { type: 'string' }, example: { method: 'GET' } },
    environment: { type: 'string', nullable: true, example: 'prod' },
  },
};

const RejectedSample = {
  type: 'object',
  required: ['index', 'code', 'detail'],
  properties: {
    index: { type: 'integer', description: 'From 0: in the array, or among the lines that are not blank.' },
    code: { type: 'string', enum: Object.keys(REJECTIONS) },
    detail: { type: 'string' },
  },
};

const Problem = {
  type: 'object',
  description: 'RFC 9457.',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; docs/reference/errors.md explains each.' },
    detail: { type: 'string' },
    accepted: { type: 'integer' },
    rejected: { type: 'array', items: ref('RejectedSample') },
  },
};

const accepted = { type: 'integer', description: 'Samples that Kafka has acknowledged.' };

function postMetrics(): Operation {
  const one = ref('Metric');
  const many = { type: 'array', items: one };
  return {
    summary: 'Take metrics in',
    description: 'Answers once Kafka has acknowledged every accepted sample with acks=all.',
    security: [{ 'api-key': [] }, { bearer: [] }],
    parameters: [
      { name: 'Content-Encoding', in: 'header', schema: { type: 'string', enum: ['gzip', 'identity'] } },
      { name: 'X-Correlation-Id', in: 'header', schema: { type: 'string', maxLength: 128 } },
      { name: 'traceparent', in: 'header', schema: { type: 'string' }, description: 'W3C Trace Context.' },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { oneOf: [one, many, { type: 'object', required: ['metrics'], properties: { metrics: many } }] },
        },
        'application/x-ndjson': { schema: { type: 'string', description: 'One metric a line.' } },
      },
    },
    responses: {
      '202': answer('All of it is in.', { accepted }),
      '207': answer('Some samples are in; the others are in `rejected`.', {
        accepted,
        rejected: { type: 'array', items: ref('RejectedSample') },
      }),
      ...problems(),
    },
  };
}

function answer(description: string, properties: Record<string, object>): Response {
  const schema = { type: 'object', required: Object.keys(properties), properties };
  return { description, content: { 'application/json': { schema } } };
}

/** One response for each status that a refusal can have, naming its codes. */
function problems(): Record<string, Response> {
  const responses: Record<string, Response> = {};
  for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
    const before = responses[status];
    const described = before !== undefined && 'description' in before ? `${before.description} ` : '';
    responses[status] = {
      description: `${described}\`${code}\`: ${title}.`,
      content: { 'application/problem+json': { schema: ref('Problem') } },
    };
  }
  return responses;
}
