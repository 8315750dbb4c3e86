/**
 * Heads of the functions that put samples into buckets: the same over samples and over rollups, so that a query does not know
 * which of them serves it.
 *
 * `series` and `groups` are parallel; `scanned` is how many rows a bucket was made of, and their sum exceeds `max_samples`
 * where there were more than that.
 */
const ARGUMENTS = `
  series uuid[], groups integer[], from_ts timestamptz, to_ts timestamptz, step interval, max_samples bigint`;

/**
 * Sums are kept times 2^-64, which is exact (but for values below 10^-288), and so cannot overflow on the way: two values near the greatest double, from one
 * tenant, would stop the job that refreshes all tenants' rollups, and a query for their maximum. One that asks for the sum
 * itself fails, alone.
 */
export const SUM_SCALE = 'power(2::double precision, -64)';

export const bucketStats = `metrics.bucket_stats(${ARGUMENTS})
  RETURNS TABLE (
    grp integer, bucket timestamptz, scanned bigint, samples bigint,
    scaled_sum double precision, min double precision, max double precision
  )`;

export const bucketLast = `metrics.bucket_last(${ARGUMENTS})
  RETURNS TABLE (grp integer, bucket timestamptz, scanned bigint, value double precision)`;

export const bucketQuantile = `metrics.bucket_quantile(${ARGUMENTS}, fraction double precision)
  RETURNS TABLE (grp integer, bucket timestamptz, scanned bigint, value double precision)`;

/** Runs with the owner's rights, and finds no object but the store's and PostgreSQL's own. */
export const guarded = 'STABLE SECURITY DEFINER SET search_path = metrics, pg_temp';
