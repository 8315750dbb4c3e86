import { bucketLast, bucketStats, guarded, SUM_SCALE } from './bucket-functions.js';

/** Widths of the rollups, and how often what changed is brought into them. */
export const rollups = [
  { name: 'rollup_1m', width: '1 minute', refreshEvery: '5 minutes' },
  { name: 'rollup_1h', width: '1 hour', refreshEvery: '15 minutes' },
] as const;

/**
 * Chunks go to the columnstore once nothing is written to them any more: past window (30 days) and retention of the DLQ
 * (30 days), from which a record may be replayed, and a day. The policy that newer versions add by themselves is earlier.
 */
export const columnstore: readonly string[] = [
  `ALTER TABLE metrics.samples SET (
     timescaledb.enable_columnstore = true, timescaledb.segmentby = 'series_id', timescaledb.orderby = 'ts DESC')`,
  `CALL remove_columnstore_policy('metrics.samples', if_exists => true)`,
  `CALL add_columnstore_policy('metrics.samples', after => INTERVAL '61 days', if_not_exists => true)`,
];

/** Statements that make the continuous aggregates. Sum, count, min, max and last; never averages, which cannot be added up. */
export const continuousAggregates: readonly string[] = rollups.flatMap(({ name, width, refreshEvery }) => [
  // Real-time: what is newer than the last refresh is read from the samples. WITH DATA would refuse a transaction.
  `CREATE MATERIALIZED VIEW IF NOT EXISTS metrics.${name}
   WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
   SELECT series_id, time_bucket(INTERVAL '${width}', ts) AS bucket, count(*) AS samples,
          sum(value * ${SUM_SCALE}) AS scaled_sum, min(value) AS min, max(value) AS max,
          last(value, ts) AS last, max(ts) AS last_ts
   FROM metrics.samples GROUP BY 1, 2
   WITH NO DATA`,
  // From the beginning: only what was written to since the last run is refreshed, and a replay may be of any age.
  `SELECT add_continuous_aggregate_policy('metrics.${name}', start_offset => NULL, end_offset => INTERVAL '${width}',
     schedule_interval => INTERVAL '${refreshEvery}', if_not_exists => true)`,
]);

/** Whole buckets of a rollup, and the samples at the edges that fill none. */
function parts(name: string, width: string, fromRollup: string, fromSample: string): string {
  const first = `date_bin('${width}', from_ts + INTERVAL '${width}' - INTERVAL '1 microsecond', timestamptz 'epoch')`;
  const last = `date_bin('${width}', to_ts, timestamptz 'epoch')`;
  const samples = `SELECT s.ts, ${fromSample} FROM metrics.samples s WHERE s.series_id = known.id`;
  return `
    SELECT wanted.grp, date_bin(step, part.at, timestamptz 'epoch') AS bucket, known.id AS series_id, part.*
    FROM unnest(series, groups) AS wanted (id, grp)
    JOIN metrics.series known ON known.id = wanted.id AND known.tenant_id = current_setting('weir.tenant_id', true)
    CROSS JOIN LATERAL (
      SELECT r.bucket AS at, ${fromRollup} FROM metrics.${name} r
      WHERE r.series_id = known.id AND r.bucket >= ${first} AND r.bucket < ${last}
      UNION ALL
      ${samples} AND s.ts >= from_ts AND s.ts < least(${first}, to_ts)
      UNION ALL
      ${samples} AND s.ts >= greatest(${last}, least(${first}, to_ts)) AND s.ts < to_ts
    ) part
    LIMIT max_samples + 1`;
}

const statsOf = (from: string): string => `
  SELECT p.grp, p.bucket, count(*), sum(p.samples)::bigint, sum(p.scaled_sum), min(p.min), max(p.max)
  FROM (${from}) p GROUP BY p.grp, p.bucket`;

const lastOf = (from: string): string => `
  SELECT DISTINCT ON (p.grp, p.bucket) p.grp, p.bucket, count(*) OVER (PARTITION BY p.grp, p.bucket), p.last
  FROM (${from}) p ORDER BY p.grp, p.bucket, p.last_ts DESC, p.series_id DESC`;

function dividesStep(width: string): string {
  return `date_bin('${width}', timestamptz 'epoch' + step, timestamptz 'epoch') = timestamptz 'epoch' + step`;
}

function bodyOf(select: (from: string) => string, fromRollup: string, fromSample: string): string {
  const [minutes, hours] = rollups.map(({ name, width }) => select(parts(name, width, fromRollup, fromSample)));
  const samples = select(`
    SELECT wanted.grp, date_bin(step, s.ts, timestamptz 'epoch') AS bucket, known.id AS series_id, ${fromSample}
    FROM unnest(series, groups) AS wanted (id, grp)
    JOIN metrics.series known ON known.id = wanted.id AND known.tenant_id = current_setting('weir.tenant_id', true)
    JOIN metrics.samples s ON s.series_id = known.id AND s.ts >= from_ts AND s.ts < to_ts
    LIMIT max_samples + 1`);
  return `$$
  #variable_conflict use_column
  BEGIN
    IF ${dividesStep('1 hour')} THEN RETURN QUERY ${hours};
    ELSIF ${dividesStep('1 minute')} THEN RETURN QUERY ${minutes};
    ELSE RETURN QUERY ${samples};
    END IF;
  END $$`;
}

/** The reader's functions over rollups, where a step is made of whole ones. Quantiles stay with the samples. */
export const rolledFunctions: readonly string[] = [
  `CREATE OR REPLACE FUNCTION ${bucketStats} LANGUAGE plpgsql ${guarded} AS ${bodyOf(
    statsOf,
    'r.samples, r.scaled_sum, r.min, r.max',
    `1::bigint AS samples, s.value * ${SUM_SCALE} AS scaled_sum, s.value AS min, s.value AS max`,
  )}`,
  `CREATE OR REPLACE FUNCTION ${bucketLast} LANGUAGE plpgsql ${guarded} AS ${bodyOf(
    lastOf,
    'r.last, r.last_ts',
    's.value AS last, s.ts AS last_ts',
  )}`,
];
