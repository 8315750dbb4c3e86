import { applyDecorators } from '@nestjs/common';
import { ApiQuery, type ApiQueryOptions, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import { aggregations } from '@weir/metrics-store';

import { PROBLEMS } from '../http/problems.js';
import { PAGE } from './questions.js';

const TIME = 'RFC 3339 with its offset, or epoch milliseconds.';

const parameters = {
  name: { name: 'name', required: true, description: "The metric's name.", example: 'load1' },
  nameFilter: { name: 'name', required: false, description: 'Only what belongs to metrics of this name.' },
  from: {
    name: 'from',
    required: false,
    description: `Beginning, inclusive. ${TIME} An hour before \`to\` if absent.`,
  },
  to: { name: 'to', required: false, description: `End, exclusive. ${TIME} Now if absent.` },
  step: { name: 'step', required: true, description: 'Length of a bucket: `30s`, `5m`, `1h`, `7d`.', example: '5m' },
  agg: { name: 'agg', required: true, enum: [...aggregations] },
  by: { name: 'by', required: false, description: 'Label names separated by commas; one group for all if absent.' },
  environment: { name: 'environment', required: false, description: 'Only this one; empty: only series without one.' },
  label: {
    name: 'label',
    required: false,
    description: 'Labels that must have exactly these values, as `label.<name>=<value>`.',
    type: 'object',
    additionalProperties: { type: 'string' },
  },
  limit: {
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: PAGE.most, default: PAGE.usual },
  },
  cursor: { name: 'cursor', required: false, description: '`nextCursor` of the page before.' },
} as const satisfies Record<string, ApiQueryOptions>;

const queries = (...names: readonly (keyof typeof parameters)[]): MethodDecorator =>
  applyDecorators(...names.map((name) => ApiQuery({ type: 'string', ...parameters[name] })));

export const ApiPointsParameters = (): MethodDecorator =>
  queries('name', 'from', 'to', 'environment', 'label', 'limit', 'cursor');
export const ApiAggregateParameters = (): MethodDecorator =>
  queries('name', 'from', 'to', 'step', 'agg', 'by', 'environment', 'label');
export const ApiListParameters = (): MethodDecorator =>
  queries('nameFilter', 'environment', 'label', 'limit', 'cursor');

/** A tenant's key; `Authorization: Bearer` is taken as well. */
export const ApiTenantKey = (): ClassDecorator => ApiSecurity('api-key');

/** One response for each status, listing the codes that it comes with. */
export function ApiProblems(): ClassDecorator {
  const codes = new Map<number, string[]>();
  for (const [code, { status }] of Object.entries(PROBLEMS))
    if (code !== 'caller_gone') codes.set(status, [...(codes.get(status) ?? []), code]);
  return applyDecorators(
    ...[...codes].map(([status, of]) =>
      ApiResponse({ status, description: of.map((code) => `\`${code}\``).join(', '), content: PROBLEM_CONTENT }),
    ),
  );
}

/** RFC 9457. */
const PROBLEM_CONTENT = {
  'application/problem+json': {
    schema: {
      type: 'object',
      required: ['type', 'title', 'status', 'code'],
      properties: {
        type: { type: 'string' },
        title: { type: 'string' },
        status: { type: 'integer' },
        code: { type: 'string' },
        detail: { type: 'string' },
      },
    },
  },
};
