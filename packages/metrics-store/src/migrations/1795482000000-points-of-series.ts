import type { MigrationInterface, QueryRunner } from 'typeorm';

import { guarded } from './bucket-functions.js';

const series = (name: string): string => `
      SELECT s.id, s.name, s.environment, s.labels FROM metrics.series s
      WHERE s.tenant_id = of_tenant AND s.tenant_id = current_setting('weir.tenant_id', true) AND ${name}
        AND (any_environment OR s.environment IS NOT DISTINCT FROM of_environment) AND s.labels @> of_labels`;

/**
 * The series that a filter matches and their newest points, in one plan behind the wall: a view and a function each put the
 * series, or the points, through a node or a store of their own, which cost as much as to read them.
 *
 * A row for each series that has a point on the page, with its points newest first as 8 bytes each, in base64 (microseconds since
 * 2000, and values); a single row without a series where there is none. Where more than `max_series` match, no point is looked for.
 *
 * The plan is made once for a connection: its way through the indexes is the same whoever asks.
 * It takes a page for one row, and would look through all series once for each of a hundred (`enable_nestloop`).
 *
 * `metrics.latest_points` stays for a query-api of before, which may still run beside this.
 */
const POINTS_OF_SERIES = `
  CREATE FUNCTION metrics.points_of_series(
    of_tenant text, of_name text, any_environment boolean, of_environment text, of_labels jsonb, max_series integer,
    from_ts timestamptz, to_ts timestamptz, after_ts timestamptz, after_series uuid, row_limit integer
  ) RETURNS TABLE (matched integer, id uuid, name text, environment text, labels jsonb, times text, points text)
  LANGUAGE sql ${guarded} SET plan_cache_mode = force_generic_plan SET enable_nestloop = off AS $$
    WITH found AS MATERIALIZED (
      SELECT * FROM (${series('of_name IS NOT NULL AND s.name = of_name')}
      UNION ALL ${series('of_name IS NULL')}
      ) either LIMIT max_series + 1
    ), total AS (SELECT count(*)::integer AS matched FROM found)
    SELECT total.matched, found.id, found.name, found.environment, found.labels,
      encode(page.times, 'base64'), encode(page.points, 'base64')
    FROM total LEFT JOIN (
      SELECT newest.id, string_agg(timestamptz_send(newest.ts), '') AS times, string_agg(float8send(newest.value), '') AS points
      FROM (
        SELECT found.id, point.ts, point.value
        FROM found CROSS JOIN LATERAL (
          SELECT s.ts, s.value FROM metrics.samples s
          WHERE s.series_id = found.id AND s.ts >= from_ts AND s.ts < to_ts
            AND s.ts <= after_ts AND (s.ts < after_ts OR s.series_id < after_series)
          ORDER BY s.ts DESC LIMIT row_limit
        ) point
        WHERE (SELECT total.matched FROM total) <= max_series
        ORDER BY point.ts DESC, found.id DESC LIMIT row_limit
      ) newest GROUP BY newest.id
    ) page JOIN found ON found.id = page.id ON true
  $$`;

export class PointsOfSeries1795482000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(POINTS_OF_SERIES);
    await runner.query('REVOKE EXECUTE ON FUNCTION metrics.points_of_series FROM PUBLIC');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION metrics.points_of_series');
  }
}
