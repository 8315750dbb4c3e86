import type { MigrationInterface, QueryRunner } from 'typeorm';

import { bucketLast, bucketQuantile, bucketStats, guarded, SUM_SCALE } from './bucket-functions.js';

/**
 * The second wall between tenants. Whoever reads says in each transaction whose data it is (`weir.tenant_id`); the view and
 * the functions show nothing else, and nothing at all where it was not said. The reader's role has no right to the tables.
 *
 * Samples are behind functions, since a security_barrier view would have to read all of a series before it is cut to the
 * last hundred: the planner moves neither ORDER BY nor LIMIT through the barrier.
 */
const TENANT_SERIES = `
  CREATE VIEW metrics.tenant_series WITH (security_barrier) AS
  SELECT id, tenant_id, name, environment, labels, first_seen
  FROM metrics.series WHERE tenant_id = current_setting('weir.tenant_id', true)`;

/** Newest first, after a position; at most `row_limit` per series are read, from the end of its index. */
const LATEST_POINTS = `
  CREATE FUNCTION metrics.latest_points(
    series uuid[], from_ts timestamptz, to_ts timestamptz, after_ts timestamptz, after_series uuid, row_limit integer
  ) RETURNS TABLE (series_id uuid, ts timestamptz, value double precision) LANGUAGE sql ${guarded} AS $$
    SELECT point.series_id, point.ts, point.value
    FROM metrics.series known
    CROSS JOIN LATERAL (
      SELECT s.series_id, s.ts, s.value FROM metrics.samples s
      WHERE s.series_id = known.id AND s.ts >= from_ts AND s.ts < to_ts
        AND s.ts <= after_ts AND (s.ts < after_ts OR s.series_id < after_series)
      ORDER BY s.ts DESC LIMIT row_limit
    ) point
    WHERE known.id = ANY (series) AND known.tenant_id = current_setting('weir.tenant_id', true)
    ORDER BY point.ts DESC, point.series_id DESC
    LIMIT row_limit
  $$`;

/** The samples of several series, each with the number of its group; one more than allowed, so that too many shows. */
const GROUPED = `
  SELECT wanted.grp, date_bin(step, s.ts, timestamptz 'epoch') AS bucket, s.series_id, s.ts, s.value
  FROM unnest(series, groups) AS wanted (id, grp)
  JOIN metrics.series known ON known.id = wanted.id AND known.tenant_id = current_setting('weir.tenant_id', true)
  JOIN metrics.samples s ON s.series_id = known.id AND s.ts >= from_ts AND s.ts < to_ts
  LIMIT max_samples + 1`;

const BUCKET_STATS = `
  CREATE FUNCTION ${bucketStats} LANGUAGE sql ${guarded} AS $$
    SELECT p.grp, p.bucket, count(*), count(*), sum(p.value * ${SUM_SCALE}), min(p.value), max(p.value)
    FROM (${GROUPED}) p GROUP BY p.grp, p.bucket
  $$`;

/** Of values at the same time, that of the series with the greatest id. */
const BUCKET_LAST = `
  CREATE FUNCTION ${bucketLast} LANGUAGE sql ${guarded} AS $$
    SELECT DISTINCT ON (p.grp, p.bucket) p.grp, p.bucket, count(*) OVER (PARTITION BY p.grp, p.bucket), p.value
    FROM (${GROUPED}) p ORDER BY p.grp, p.bucket, p.ts DESC, p.series_id DESC
  $$`;

const BUCKET_QUANTILE = `
  CREATE FUNCTION ${bucketQuantile} LANGUAGE sql ${guarded} AS $$
    SELECT p.grp, p.bucket, count(*), percentile_cont(fraction) WITHIN GROUP (ORDER BY p.value)
    FROM (${GROUPED}) p GROUP BY p.grp, p.bucket
  $$`;

export class CreateReader1795219200001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE ALL ON ALL TABLES IN SCHEMA metrics FROM PUBLIC');
    for (const statement of [TENANT_SERIES, LATEST_POINTS, BUCKET_STATS, BUCKET_LAST, BUCKET_QUANTILE])
      await runner.query(statement);
    await runner.query('REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA metrics FROM PUBLIC');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION metrics.bucket_quantile, metrics.bucket_last, metrics.bucket_stats');
    await runner.query('DROP FUNCTION metrics.latest_points');
    await runner.query('DROP VIEW metrics.tenant_series');
  }
}
