import type { Tenant, TenantLimits } from '@weir/avro';

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

/** What a tenant's own limit may be. */
export interface LimitBounds {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

const whole = (min: number, max: number): LimitBounds => ({ min, max, integer: true });

/** For whoever sets limits: past these they would mean nothing, or be cut by `tenantLimits`. */
export const LIMIT_BOUNDS: Readonly<Record<keyof TenantLimits, LimitBounds>> = {
  samples_per_second: { min: 0.01, max: 1e9, integer: false },
  burst: whole(1, 1e9),
  max_active_series: whole(1, 1e9),
  max_labels: whole(0, MAX_LABELS_EVER),
  max_name_length: whole(1, MAX_LENGTH_EVER),
  max_label_name_length: whole(1, MAX_LENGTH_EVER),
  max_label_value_length: whole(0, MAX_LENGTH_EVER),
  past_window_ms: whole(60_000, 3_650 * DAY_MS),
  in_flight_share: { min: 0.001, max: 1, integer: false },
};

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
