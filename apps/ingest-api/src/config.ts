import { SchemaVersion } from '@weir/avro';
import {
  duration,
  type Environment,
  integer,
  kafkaConfig,
  type KafkaConfig,
  kafkaVariables,
  oneOf,
  parseEnvironment,
  redisConfig,
  redisVariables,
  schemaRegistryConfig,
  type SchemaRegistryConfig,
  schemaRegistryVariables,
  serviceConfig,
  type ServiceConfig,
  serviceVariables,
  share,
  type Values,
} from '@weir/config';
import { ConfigurationError } from '@weir/errors';
import { allTopics } from '@weir/topics';

import type { QuotasConfig } from './limits/limits.module.js';
import type { IngestLimits } from './metrics/ingest-limits.js';

const topicNames = allTopics.map((topic) => topic.name);

/** Samples of a request that is acknowledged with others: all of them. */
const GROUP_FROM = 1;

export const variables = {
  ...serviceVariables('ingest-api', 8000),
  ...kafkaVariables('ingest-api', topicNames),
  ...schemaRegistryVariables,
  ...redisVariables,
  INGEST_SCHEMA_VERSION: oneOf(Object.values(SchemaVersion), {
    default: SchemaVersion.V3,
    about: 'The version of MetricEvent that records are written with.',
  }),
  INGEST_MAX_BODY_BYTES: integer({ default: 5_000_000, min: 1, about: 'The largest body as sent.' }),
  INGEST_MAX_DECOMPRESSED_BYTES: integer({
    default: 20_000_000,
    min: 1,
    about: 'The largest body after decompression.',
  }),
  INGEST_MAX_SAMPLES: integer({ default: 10_000, min: 1, max: 100_000, about: 'The most samples in one request.' }),
  INGEST_MAX_IN_FLIGHT_REQUESTS: integer({
    default: 2_000,
    min: 1,
    about: 'Requests that may be worked on at once; past it the answer is 503.',
  }),
  INGEST_MAX_IN_FLIGHT_BYTES: integer({
    default: 128_000_000,
    min: 1,
    about: 'Bytes of bodies as sent, and of records that wait for Kafka, at once; past it the answer is 503.',
  }),
  INGEST_TENANT_IN_FLIGHT_SHARE: share({
    default: 0.75,
    about:
      'The part of what may be in flight that one tenant gets while it is alone; of several each gets the same, and some is kept for one more.',
  }),
  INGEST_TENANT_SAMPLES_PER_SECOND: integer({
    required: false,
    min: 1,
    about:
      'Samples a second that a tenant without a limit of its own may send; without it such a tenant may send any number.',
  }),
  INGEST_TENANT_BURST: integer({
    required: false,
    min: 1,
    about: 'Samples that such a tenant may send at once; twenty seconds of its rate unless given.',
  }),
  INGEST_TENANT_MAX_ACTIVE_SERIES: integer({
    default: 150_000,
    min: 1,
    about: 'Series that a tenant without a limit of its own may have active.',
  }),
  INGEST_ACTIVE_SERIES_WINDOW: duration({
    default: 1_800_000,
    min: 1_000,
    max: 86_400_000,
    about: 'How long a series is active after a sample of it.',
  }),
  INGEST_HTTP_TIMEOUT: duration({
    default: 30_000,
    min: 2_000,
    about: 'A request is answered within this time, whatever happens.',
  }),
  INGEST_DELIVERY_TIMEOUT: duration({
    default: 10_000,
    min: 100,
    about: 'How long Kafka may take to acknowledge; past it the answer is 503 delivery_unknown.',
  }),
  INGEST_LINGER: duration({
    default: 2,
    max: 1_000,
    about:
      'How long a sample waits for others to share a batch with, where its request is sent by itself: while brokers are slow or away. Otherwise requests are sent at once, with all that wait.',
  }),
  INGEST_QUEUE_RECORDS: integer({
    default: 20_000,
    min: 1,
    about:
      'Records that may wait for acknowledgement at once; others wait in line, tenant after tenant, and past five seconds the answer is 503.',
  }),
  INGEST_QUEUE_BYTES: integer({
    default: 256_000_000,
    min: 1,
    about: 'Bytes of records that may wait for acknowledgement at once; past it the answer is 503.',
  }),
  TENANTS_MAX_AGE: duration({
    default: 300_000,
    min: 1_000,
    about: 'How long keys are accepted while nothing is heard of the tenants topic.',
  }),
};

export interface IngestApiConfig {
  readonly service: ServiceConfig;
  readonly kafka: KafkaConfig;
  readonly schemaRegistry: SchemaRegistryConfig;
  readonly schemaVersion: SchemaVersion;
  readonly limits: IngestLimits;
  readonly quotas: QuotasConfig;
  /** Every request is answered within it. */
  readonly httpTimeoutMs: number;
  readonly producer: {
    readonly lingerMs: number;
    readonly groupFrom: number;
    readonly deliveryTimeoutMs: number;
    readonly maxQueuedRecords: number;
    readonly maxQueuedBytes: number;
  };
  readonly tenantsMaxAgeMs: number;
}

/** Throws ConfigurationError with every problem at once. */
export function loadConfig(env?: Environment): IngestApiConfig {
  const values = parseEnvironment(variables, env);
  const problems = contradictions(values);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    service: serviceConfig(values),
    kafka: kafkaConfig(values, topicNames),
    schemaRegistry: schemaRegistryConfig(values),
    schemaVersion: values.INGEST_SCHEMA_VERSION,
    limits: {
      maxBodyBytes: values.INGEST_MAX_BODY_BYTES,
      maxDecompressedBytes: values.INGEST_MAX_DECOMPRESSED_BYTES,
      maxSamples: values.INGEST_MAX_SAMPLES,
      maxInFlightRequests: values.INGEST_MAX_IN_FLIGHT_REQUESTS,
      maxInFlightBytes: values.INGEST_MAX_IN_FLIGHT_BYTES,
      maxUnacknowledgedSamples: values.INGEST_QUEUE_RECORDS,
      tenantInFlightShare: values.INGEST_TENANT_IN_FLIGHT_SHARE,
      bodyTimeoutMs: values.INGEST_HTTP_TIMEOUT - values.INGEST_DELIVERY_TIMEOUT - DELIVERY_GRACE_MS,
    },
    quotas: {
      defaults: {
        samplesPerSecond: values.INGEST_TENANT_SAMPLES_PER_SECOND ?? null,
        burst: values.INGEST_TENANT_BURST ?? null,
        maxActiveSeries: values.INGEST_TENANT_MAX_ACTIVE_SERIES,
      },
      activeSeriesWindowMs: values.INGEST_ACTIVE_SERIES_WINDOW,
      redisUrl: redisConfig(values)?.url ?? null,
    },
    httpTimeoutMs: values.INGEST_HTTP_TIMEOUT,
    producer: {
      lingerMs: values.INGEST_LINGER,
      groupFrom: GROUP_FROM,
      deliveryTimeoutMs: values.INGEST_DELIVERY_TIMEOUT,
      maxQueuedRecords: values.INGEST_QUEUE_RECORDS,
      maxQueuedBytes: values.INGEST_QUEUE_BYTES,
    },
    tenantsMaxAgeMs: values.TENANTS_MAX_AGE,
  };
}

/** A delivery that times out is told a second or so later. */
const DELIVERY_GRACE_MS = 1_500;
/** What is left at least for the body to come in. */
const MIN_BODY_TIMEOUT_MS = 100;
/** A record has its labels twice, in key and value, beside what every record costs on the wire (headers, frame). */
const RECORD_BYTES_PER_BODY_BYTE = 2;
const RECORD_OVERHEAD_BYTES = 400;

function contradictions(values: Values<typeof variables>): string[] {
  const problems: string[] = [];
  // guarantees.md, rule 2: the caller must hear `delivery_unknown`, and not give up before it.
  if (values.INGEST_DELIVERY_TIMEOUT + DELIVERY_GRACE_MS + MIN_BODY_TIMEOUT_MS > values.INGEST_HTTP_TIMEOUT)
    problems.push(
      `INGEST_DELIVERY_TIMEOUT must be at least ${DELIVERY_GRACE_MS + MIN_BODY_TIMEOUT_MS} ms below INGEST_HTTP_TIMEOUT`,
    );
  if (values.INGEST_MAX_BODY_BYTES > values.INGEST_MAX_IN_FLIGHT_BYTES)
    problems.push('INGEST_MAX_IN_FLIGHT_BYTES must not be below INGEST_MAX_BODY_BYTES, or the largest body never fits');
  if (values.INGEST_MAX_SAMPLES > values.INGEST_QUEUE_RECORDS)
    problems.push('INGEST_QUEUE_RECORDS must not be below INGEST_MAX_SAMPLES, or the largest request never fits');
  const largest =
    values.INGEST_MAX_DECOMPRESSED_BYTES * RECORD_BYTES_PER_BODY_BYTE +
    values.INGEST_MAX_SAMPLES * RECORD_OVERHEAD_BYTES;
  if (largest > values.INGEST_QUEUE_BYTES)
    problems.push(`INGEST_QUEUE_BYTES must be at least ${largest}, which is what the largest request takes`);
  if (largest > values.INGEST_MAX_IN_FLIGHT_BYTES)
    problems.push(`INGEST_MAX_IN_FLIGHT_BYTES must be at least ${largest}, which is what the largest request takes`);
  return problems;
}
