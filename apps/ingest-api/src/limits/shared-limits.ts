import type { Rate } from './token-bucket.js';

/** Samples that were granted, or after how long they could be. */
export type Grant = { readonly granted: number } | { readonly waitMs: number };

/** What all instances count together. Every method rejects while that place is away. */
export interface SharedLimits {
  /** Takes `count` from the tenant's bucket, and up to `ahead` more where it holds them, for what comes next. */
  takeSamples(tenantId: string, rate: Rate, count: number, ahead: number): Promise<Grant>;
  /**
   * Counts series as active from now on; answers for each whether it may be: one that is active already, or one for which there is room
   * below `limit`.
   */
  admitSeries(tenantId: string, limit: SeriesLimit, series: readonly string[]): Promise<readonly boolean[]>;
}

export interface SeriesLimit {
  readonly maxActive: number;
  /** How long a series is active after a sample of it, in milliseconds. */
  readonly windowMs: number;
}
