import type { Tenant } from '@weir/avro';

/** What one sample of a tenant may be. Lengths in characters (UTF-16 code units), times in milliseconds. */
export interface SampleLimits {
  readonly maxNameLength: number;
  readonly maxLabels: number;
  readonly maxLabelNameLength: number;
  readonly maxLabelValueLength: number;
  /** How far back a timestamp may lie. */
  readonly pastWindowMs: number;
  /** How far ahead a timestamp may lie: room for a clock that is wrong. The same for every tenant. */
  readonly futureWindowMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** What holds where a tenant has no limit of its own. Those on labels are Mimir's, known to work for Prometheus users. */
export const DEFAULT_SAMPLE_LIMITS: SampleLimits = {
  maxNameLength: 255,
  maxLabels: 30,
  maxLabelNameLength: 255,
  maxLabelValueLength: 2048,
  pastWindowMs: 30 * DAY_MS,
  futureWindowMs: 10 * 60 * 1000,
};

// What no tenant's own limit exceeds: a record with its key and, later, its dead letter in hex must fit into their topics.
const MAX_LABELS_EVER = 100;
const MAX_LENGTH_EVER = 8192;

/** A tenant's limits with the service's own in place of those that it lacks, and never above what a record can hold. */
export function tenantLimits({ limits }: Pick<Tenant, 'limits'>): SampleLimits {
  return {
    maxNameLength: lengthOf(limits.max_name_length, DEFAULT_SAMPLE_LIMITS.maxNameLength),
    maxLabels: Math.min(limits.max_labels ?? DEFAULT_SAMPLE_LIMITS.maxLabels, MAX_LABELS_EVER),
    maxLabelNameLength: lengthOf(limits.max_label_name_length, DEFAULT_SAMPLE_LIMITS.maxLabelNameLength),
    maxLabelValueLength: lengthOf(limits.max_label_value_length, DEFAULT_SAMPLE_LIMITS.maxLabelValueLength),
    pastWindowMs: limits.past_window_ms ?? DEFAULT_SAMPLE_LIMITS.pastWindowMs,
    futureWindowMs: DEFAULT_SAMPLE_LIMITS.futureWindowMs,
  };
}

function lengthOf(own: number | null, otherwise: number): number {
  return Math.min(own ?? otherwise, MAX_LENGTH_EVER);
}
