import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type AggregateResult, aggregations, MetricsReader } from '../src/index.js';
import { columnstore, continuousAggregates, rolledFunctions, rollups } from '../src/migrations/timescale-rollups.js';
import { batch, sample, settle, testStore, type TestStore } from './support/store.js';

const MINUTE_MS = 60_000;
const T0 = Date.UTC(2026, 10, 19, 22, 17, 31);

// No package of TimescaleDB is to be had for this machine. Stand-ins with the signatures of its documentation (2.29) take its
// place, so that what is tested is what Weir says to it, and what Weir makes of the rollups; not what it does.
const STAND_INS = `
  CREATE FUNCTION time_bucket(interval, timestamptz) RETURNS timestamptz IMMUTABLE LANGUAGE sql
    AS $$ SELECT date_bin($1, $2, timestamptz '2000-01-03 00:00:00+00') $$;
  CREATE FUNCTION last_step(state float8[], value float8, at timestamptz) RETURNS float8[] IMMUTABLE LANGUAGE sql
    AS $$ SELECT CASE WHEN state[2] >= extract(epoch FROM at) THEN state ELSE ARRAY[value, extract(epoch FROM at)::float8] END $$;
  CREATE FUNCTION last_value(state float8[]) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$ SELECT state[1] $$;
  CREATE AGGREGATE last(float8, timestamptz) (SFUNC = last_step, STYPE = float8[], FINALFUNC = last_value);
  CREATE FUNCTION add_continuous_aggregate_policy(continuous_aggregate regclass, start_offset "any", end_offset "any",
    schedule_interval interval, if_not_exists boolean DEFAULT false, initial_start timestamptz DEFAULT NULL,
    timezone text DEFAULT NULL) RETURNS integer LANGUAGE internal AS 'pg_backend_pid';
  CREATE PROCEDURE remove_columnstore_policy(hypertable regclass, if_exists boolean DEFAULT false)
    LANGUAGE sql AS '';
  CREATE PROCEDURE add_columnstore_policy(hypertable regclass, after interval, if_not_exists boolean DEFAULT false,
    schedule_interval interval DEFAULT NULL) LANGUAGE sql AS '';`;

/** PostgreSQL knows no storage parameters of TimescaleDB's and would refuse them; all the rest it can check. */
const withoutParameters = (statement: string): string =>
  statement.replace(/WITH \(timescaledb\.continuous, timescaledb\.materialized_only = false\)/, '');

/** Sums of doubles depend on their order in the last bits. */
function rounded({ series }: AggregateResult): unknown {
  return series.map(({ labels, points }) => ({
    labels,
    points: points.map(([at, value]) => [at, Number(value.toPrecision(10))]),
  }));
}

describe('what Weir asks of TimescaleDB', () => {
  let db: TestStore;
  let rolledDb: TestStore;
  let native: MetricsReader;
  let rolled: MetricsReader;
  beforeAll(async () => {
    db = await testStore();
    rolledDb = await testStore();
    const samples = ['a', 'b', 'c'].flatMap((host, h) =>
      Array.from({ length: 400 }, (_, i) =>
        sample({ labels: { host }, timestampMs: T0 + i * 37_000 + h * 1_001, value: Math.sin(i * (h + 1)) * 1000 }),
      ),
    );
    samples.push(
      sample({ name: 'huge', timestampMs: T0, value: Number.MAX_VALUE }),
      sample({ name: 'huge', timestampMs: T0 + 1, value: Number.MAX_VALUE }),
    );
    for (const store of [db, rolledDb]) await settle(store.open(), batch(store.topicId, samples));
    await rolledDb.admin.query(STAND_INS);
    for (const statement of continuousAggregates) await rolledDb.admin.query(withoutParameters(statement));
    for (const { name } of rollups) await rolledDb.admin.query(`REFRESH MATERIALIZED VIEW metrics.${name}`);
    for (const statement of rolledFunctions) await rolledDb.admin.query(statement);
    native = new MetricsReader({ url: db.url });
    rolled = new MetricsReader({ url: rolledDb.url });
  });
  afterAll(async () => {
    await native.close();
    await rolled.close();
    await Promise.all([db.close(), rolledDb.close()]);
  });

  const ranges: [string, number, number][] = [
    ['whole hours', Date.UTC(2026, 10, 19, 22), Date.UTC(2026, 10, 20, 4)],
    ['neither hours nor minutes', T0 + 12_345, T0 + 13_000_001],
    ['less than a minute', T0 + 1, T0 + 20_000],
    ['a minute, not aligned', T0 + 1, T0 + MINUTE_MS + 1],
    ['an hour, from its beginning', Date.UTC(2026, 10, 19, 23), Date.UTC(2026, 10, 20, 0)],
    ['up to an edge', T0, Date.UTC(2026, 10, 19, 23)],
  ];
  it.each(ranges)('answers from rollups what the samples answer, over %s', async (_, fromMs, toMs) => {
    for (const agg of aggregations.filter((name) => !name.startsWith('p')))
      // quantiles are of samples, always
      for (const stepMs of [MINUTE_MS, 90_000, 7 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS]) {
        const query = { tenantId: 'acme', name: 'cpu_seconds', fromMs, toMs, stepMs, agg, by: ['host'] };
        const [expected, actual] = [await native.aggregate(query), await rolled.aggregate(query)];
        expect(rounded(actual)).toEqual(rounded(expected));
        const all = { ...query, by: [] };
        expect(rounded(await rolled.aggregate(all))).toEqual(rounded(await native.aggregate(all)));
      }
  });

  it('reads whole buckets from the rollup: what was rolled up once is no longer looked for among the samples', async () => {
    const hour = Date.UTC(2026, 10, 19, 23);
    const query = {
      tenantId: 'acme',
      name: 'cpu_seconds',
      fromMs: hour,
      toMs: hour + 60 * MINUTE_MS,
      agg: 'count' as const,
    };
    const poor = new MetricsReader({ url: rolledDb.url }, { maxSamples: 5 });
    expect((await poor.aggregate({ ...query, stepMs: 60 * MINUTE_MS })).series).toHaveLength(1);
    await expect(poor.aggregate({ ...query, stepMs: 61_000 })).rejects.toMatchObject({ code: 'query_over_budget' });
    await poor.close();
  });

  it('rolls up sums that no double holds, and refuses only the query that asks for one', async () => {
    const query = { tenantId: 'acme', name: 'huge', fromMs: T0 - 3_600_000, toMs: T0 + 3_600_000, stepMs: 3_600_000 };
    expect((await rolled.aggregate({ ...query, agg: 'max' })).series[0]?.points[0]?.[1]).toBe(Number.MAX_VALUE);
    await expect(rolled.aggregate({ ...query, agg: 'sum' })).rejects.toMatchObject({ code: 'value_out_of_range' });
  });

  it('calls its policies by the names and arguments that they have', async () => {
    const client = await db.admin.connect();
    await client.query('BEGIN');
    await client.query(STAND_INS);
    for (const statement of columnstore.slice(1)) await expect(client.query(statement)).resolves.toBeDefined();
    await client.query('ROLLBACK');
    client.release();
  });

  it('writes its storage parameters as PostgreSQL reads them: only the name space is unknown here', async () => {
    for (const statement of [...columnstore.slice(0, 1), ...continuousAggregates.filter((text) => /CREATE/.test(text))])
      await expect(db.admin.query(statement)).rejects.toMatchObject({
        code: expect.stringMatching(/^(22023|42883)$/), // unrecognized parameter namespace; no function time_bucket
      });
  });
});
