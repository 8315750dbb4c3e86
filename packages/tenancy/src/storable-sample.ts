import type { MetricEvent } from '@weir/avro';

import { areLabelNames, isMetricName } from './sample-rules.js';

/** What the store holds. Wider than any limit at the door, so that what was accepted stays accepted. */
export const STORABLE = {
  /** PostgreSQL's index rows end at about 2,700 bytes; a name and a tenant (see tenantOf) stand in them. */
  nameBytes: 1_024,
  /** Wider than any tenant's id, and short enough for every index, label and count that is kept by tenant. */
  tenantBytes: 255,
  labels: 256,
  labelBytes: 64 * 1_024,
  /** 1970-01-01 to 2262-01-01: what PostgreSQL, Prometheus and nanosecond tools can all name. */
  earliestMs: 0,
  latestMs: 9_214_646_400_000,
} as const;

/** Of UTF-8 for a UTF-16 unit: what is short enough by this need not be counted. */
const MOST_BYTES_PER_UNIT = 3;

/** Why an event can never be stored; the words hold no value of the record, so that like failures read alike. */
export type SampleFault = readonly ['name' | 'labels' | 'value' | 'timestamp', string];

/**
 * The first of what keeps an event out of the store, the tenant aside; undefined where nothing does.
 *
 * Pure, and the same for every attempt. Neither the tenants view nor a window around now is asked: both were asked at
 * the door, and a record that waited for a week is as good as on its first day.
 */
export function sampleFaultOf(event: MetricEvent): SampleFault | undefined {
  if (!isMetricName(event.name)) return ['name', "the name breaks Prometheus' rule"];
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

/** Bytes that labels take in UTF-8, names and values together. */
export function labelBytesOf(labels: MetricEvent['labels']): number {
  return Object.keys(labels).reduce((sum, name) => sum + name.length + Buffer.byteLength(labels[name] ?? ''), 0);
}

function labelFaultOf(labels: MetricEvent['labels']): SampleFault | undefined {
  const names = Object.keys(labels);
  if (names.length > STORABLE.labels) return ['labels', 'there are too many labels'];
  if (!areLabelNames(names)) return ['labels', "a label's name breaks Prometheus' rule"];
  let units = 0;
  for (const name of names) {
    const value = labels[name] ?? '';
    units += name.length + value.length;
    if (value.includes('\0')) return ['labels', "a label's value contains a NUL"];
  }
  if (units * MOST_BYTES_PER_UNIT <= STORABLE.labelBytes) return undefined;
  return labelBytesOf(labels) > STORABLE.labelBytes ? ['labels', 'the labels are too long'] : undefined;
}

/** The environment belongs to a series' identity as its labels do, so it is refused under their name. */
function environmentFaultOf(environment: string | null): SampleFault | undefined {
  if (environment === null) return undefined;
  if (environment.includes('\0')) return ['labels', 'the environment contains a NUL'];
  return isLongerThan(STORABLE.nameBytes, environment) ? ['labels', 'the environment is too long'] : undefined;
}

function isLongerThan(bytes: number, text: string): boolean {
  return text.length * MOST_BYTES_PER_UNIT > bytes && Buffer.byteLength(text) > bytes;
}
