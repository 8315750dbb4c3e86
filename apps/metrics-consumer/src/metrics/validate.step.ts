import type { MetricEvent } from '@weir/avro';
import { ValidationError } from '@weir/errors';

import { originOf } from './origin.js';
import type { DecodedEvent, Outcome, Refusal } from './outcome.js';

/** What the store holds. Wider than any limit at the door, so that what was accepted stays accepted. */
export const STORABLE = {
  /** PostgreSQL's index rows end at about 2,700 bytes; a name and a tenant (see tenantOf) stand in them. */
  nameBytes: 1_024,
  labels: 256,
  labelBytes: 64 * 1_024,
  /** 1970-01-01 to 2262-01-01: what PostgreSQL, Prometheus and nanosecond tools can all name. */
  earliestMs: 0,
  latestMs: 9_214_646_400_000,
} as const;

/** Prometheus' data model: https://prometheus.io/docs/concepts/data_model/ */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Of UTF-8 for a UTF-16 unit: what is short enough by this need not be counted. */
const MOST_BYTES_PER_UNIT = 3;

type InvalidReason = 'name' | 'labels' | 'value' | 'timestamp';
/** Why an event can never be stored; the words hold no value of the record, so that like failures read alike. */
type Fault = readonly [InvalidReason, string];

/**
 * Holds each event against what the store can hold, and makes a sample of it.
 *
 * Pure, and the same for every attempt. Neither the tenants view nor a window around now is asked: both were asked at
 * the door, and a record that waited here for a week is as good as on its first day.
 */
export class ValidateStep {
  apply(decoded: Iterable<DecodedEvent | Refusal>): Outcome[] {
    return Array.from(decoded, (item) => (item.kind === 'event' ? toOutcome(item) : item));
  }
}

function toOutcome({ record, event, tenantId }: DecodedEvent): Outcome {
  const fault = faultOf(event);
  if (fault !== undefined) {
    const [reason, message] = fault;
    return {
      kind: 'dead-letter',
      record,
      class: 'invalid',
      reason,
      error: new ValidationError(reason, message),
      tenantId,
    };
  }
  const { version, replayed } = originOf(record);
  const { topic, partition, offset } = record;
  return {
    kind: 'sample',
    topic,
    partition,
    offset,
    record,
    ingestedAt: event.ingested_at,
    sample: {
      tenantId,
      name: event.name,
      environment: event.environment,
      labels: event.labels,
      timestampMs: event.timestamp,
      value: event.value,
      version,
      replayed,
    },
  };
}

function faultOf(event: MetricEvent): Fault | undefined {
  if (!METRIC_NAME.test(event.name)) return ['name', "the name breaks Prometheus' rule"];
  if (event.name.length > STORABLE.nameBytes) return ['name', 'the name is too long'];
  if (!Number.isFinite(event.value)) return ['value', 'the value is not a finite number'];
  if (
    !Number.isInteger(event.timestamp) ||
    event.timestamp < STORABLE.earliestMs ||
    event.timestamp > STORABLE.latestMs
  )
    return ['timestamp', 'the timestamp lies outside of what the store holds'];
  return labelFaultOf(event.labels) ?? environmentFaultOf(event.environment);
}

function labelFaultOf(labels: Readonly<Record<string, string>>): Fault | undefined {
  const names = Object.keys(labels);
  if (names.length > STORABLE.labels) return ['labels', 'there are too many labels'];
  let units = 0;
  for (const name of names) {
    const value = labels[name] ?? '';
    units += name.length + value.length;
    if (!LABEL_NAME.test(name)) return ['labels', "a label's name breaks Prometheus' rule"];
    if (value.includes('\0')) return ['labels', "a label's value contains a NUL"];
  }
  if (units * MOST_BYTES_PER_UNIT <= STORABLE.labelBytes) return undefined;
  const bytes = names.reduce((sum, name) => sum + name.length + Buffer.byteLength(labels[name] ?? ''), 0);
  return bytes > STORABLE.labelBytes ? ['labels', 'the labels are too long'] : undefined;
}

/** The environment belongs to a series' identity as its labels do, so it is refused under their name. */
function environmentFaultOf(environment: string | null): Fault | undefined {
  if (environment === null) return undefined;
  if (environment.includes('\0')) return ['labels', 'the environment contains a NUL'];
  return isLongerThan(STORABLE.nameBytes, environment) ? ['labels', 'the environment is too long'] : undefined;
}

function isLongerThan(bytes: number, text: string): boolean {
  return text.length * MOST_BYTES_PER_UNIT > bytes && Buffer.byteLength(text) > bytes;
}
