import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { type AggregateQuery, type Aggregation, MetricsReader, type QueryBudget } from '../src/index.js';
import { batch, sample, settle, testStore, type TestStore } from './support/store.js';

const MINUTE_MS = 60_000;
const T0 = Date.UTC(2026, 10, 19, 23, 58); // so that the buckets lie on both sides of midnight

const query = (agg: Aggregation, fields: Partial<AggregateQuery> = {}): AggregateQuery => ({
  tenantId: 'acme',
  name: 'requests',
  labels: { zone: 'x' },
  fromMs: T0,
  toMs: T0 + 3 * MINUTE_MS,
  stepMs: MINUTE_MS,
  agg,
  ...fields,
});

describe('MetricsReader.aggregate', () => {
  let db: TestStore;
  let reader: MetricsReader;
  beforeAll(async () => {
    db = await testStore();
    reader = new MetricsReader({ url: db.url });
    const at = (host: string, zone: string | null, second: number, value: number) =>
      sample({
        name: 'requests',
        labels: { host, ...(zone === null ? {} : { zone }) },
        timestampMs: T0 + second * 1000,
        value,
      });
    await settle(
      db.open(),
      batch(db.topicId, [
        at('a', 'x', 0, 1),
        at('a', 'x', 30, 3),
        at('b', 'x', 59, 8),
        at('c', null, 10, 100),
        at('a', 'x', 120, 5), // the minute between has none
        at('b', 'x', 179, -7),
        sample({ name: 'huge', timestampMs: T0, value: Number.MAX_VALUE }),
        sample({ name: 'huge', timestampMs: T0 + 1, value: Number.MAX_VALUE }),
        sample({ name: 'apart', timestampMs: T0, value: -Number.MAX_VALUE }),
        sample({ name: 'apart', timestampMs: T0 + 1, value: Number.MAX_VALUE }),
        ...Array.from({ length: 100 }, (_, i) => sample({ name: 'even', timestampMs: T0 + i, value: i + 1 })),
      ]),
    );
  });
  afterAll(async () => {
    await reader.close();
    await db.close();
  });

  it.each<[Aggregation, [number, number]]>([
    ['sum', [12, -2]],
    ['count', [3, 2]],
    ['avg', [4, -1]], // of the samples, and not of the series' averages
    ['min', [1, -7]],
    ['max', [8, 5]],
    ['last', [8, -7]],
    ['p50', [3, -1]],
  ])(
    '%s of each bucket, over all series that match; a bucket without samples is left out',
    async (agg, [one, three]) => {
      expect(await reader.aggregate(query(agg))).toEqual({
        step: MINUTE_MS,
        agg,
        series: [
          {
            labels: {},
            points: [
              [T0, one],
              [T0 + 2 * MINUTE_MS, three],
            ],
          },
        ],
      });
    },
  );

  it.each<[Aggregation, number]>([
    ['p50', 50.5],
    ['p95', 95.05],
    ['p99', 99.01],
  ])('%s lies between the samples', async (agg, value) => {
    const { series } = await reader.aggregate(query(agg, { name: 'even', labels: {} }));
    expect(series[0]?.points[0]?.[1]).toBeCloseTo(value, 9);
  });

  it('makes a group for each combination of labels, and one for those that lack one', async () => {
    const { series } = await reader.aggregate(query('sum', { labels: {}, by: ['zone'] }));
    expect(series).toEqual([
      {
        labels: { zone: 'x' },
        points: [
          [T0, 12],
          [T0 + 2 * MINUTE_MS, -2],
        ],
      },
      { labels: {}, points: [[T0, 100]] },
    ]);
    const byInherited = await reader.aggregate(query('sum', { by: ['constructor', '__proto__'] }));
    expect(byInherited.series.map(({ labels }) => labels)).toEqual([{}]);
    const byBoth = await reader.aggregate(query('count', { labels: {}, by: ['zone', 'host'] }));
    expect(byBoth.series.map(({ labels }) => labels)).toEqual([
      { zone: 'x', host: 'a' },
      { zone: 'x', host: 'b' },
      { host: 'c' },
    ]);
  });

  it('aligns buckets to multiples of the step, and counts no sample outside of the range', async () => {
    const { series } = await reader.aggregate(
      query('count', { fromMs: T0 + 1, toMs: T0 + 120_000, stepMs: 7 * MINUTE_MS }),
    );
    const start = Math.floor(T0 / (7 * MINUTE_MS)) * 7 * MINUTE_MS;
    expect(series).toEqual([{ labels: {}, points: [[start, 2]] }]);
  });

  it('answers nothing where nothing matches', async () => {
    expect((await reader.aggregate(query('sum', { name: 'none' }))).series).toEqual([]);
    expect((await reader.aggregate(query('sum', { toMs: T0 }))).series).toEqual([]);
  });

  it('says so where the answer is no double', async () => {
    await expect(reader.aggregate(query('sum', { name: 'huge', labels: {} }))).rejects.toMatchObject({
      code: 'value_out_of_range',
      retryable: false,
    });
    await expect(reader.aggregate(query('p50', { name: 'apart', labels: {} }))).rejects.toMatchObject({
      code: 'value_out_of_range',
    });
    for (const agg of ['avg', 'max', 'p50'] as const)
      expect((await reader.aggregate(query(agg, { name: 'huge', labels: {} }))).series[0]?.points).toEqual([
        [T0, Number.MAX_VALUE],
      ]);
  });

  it.each([[0], [-1], [0.5], [NaN]])('refuses the step %p', async (stepMs) => {
    await expect(reader.aggregate(query('sum', { stepMs }))).rejects.toMatchObject({ code: 'step' });
  });

  it.each<[keyof QueryBudget, number, number]>([
    ['maxSeries', 2, 3],
    ['maxPoints', 8, 9],
    ['maxSamples', 5, 6],
  ])('refuses past %s, names it, and answers at it', async (limit, tooFew, enough) => {
    const by = ['host'];
    for (const agg of ['sum', 'last', 'p95'] as const) {
      const poor = new MetricsReader({ url: db.url }, { [limit]: tooFew });
      await expect(poor.aggregate(query(agg, { labels: {}, by }))).rejects.toMatchObject({
        code: 'query_over_budget',
        context: { limit, max: tooFew },
      });
      await poor.close();
      const rich = new MetricsReader({ url: db.url }, { [limit]: enough });
      expect((await rich.aggregate(query(agg, { labels: {}, by }))).series).toHaveLength(3);
      await rich.close();
    }
  });

  it('refuses a query that takes too long, and goes on answering others', async () => {
    const hasty = new MetricsReader({ url: db.url, maxConnections: 1 }, { timeoutMs: 2_000 });
    const lock = await db.admin.connect();
    await lock.query('BEGIN; LOCK TABLE metrics.series IN ACCESS EXCLUSIVE MODE');
    await expect(hasty.aggregate(query('sum'))).rejects.toMatchObject({
      code: 'query_over_budget',
      context: { limit: 'timeoutMs' },
    });
    await lock.query('ROLLBACK');
    lock.release();
    expect((await hasty.aggregate(query('sum'))).series).toHaveLength(1);
    await hasty.close();
  });

  it('lets the statements of a query together take no longer than its budget', async () => {
    const hasty = new MetricsReader({ url: db.url }, { timeoutMs: 4_000 });
    const [series, samples] = [await db.admin.connect(), await db.admin.connect()];
    await samples.query('BEGIN; LOCK TABLE metrics.samples IN ACCESS EXCLUSIVE MODE');
    await series.query('BEGIN; LOCK TABLE metrics.series IN ACCESS EXCLUSIVE MODE');
    const released = series.query('SELECT pg_sleep(3)').then(() => series.query('ROLLBACK'));
    const since = performance.now();
    await expect(hasty.aggregate(query('sum'))).rejects.toMatchObject({ context: { limit: 'timeoutMs' } });
    expect(performance.now() - since).toBeLessThan(6_500); // without a lower limit for the second one it would be 7 s
    await released;
    await samples.query('ROLLBACK');
    series.release();
    samples.release();
    await hasty.close();
  });

  it('puts samples into buckets without sorting them', async () => {
    const client = new Client({ connectionString: db.url });
    await client.connect();
    const plans: string[] = [];
    client.on('notice', (notice) => plans.push(notice.message ?? ''));
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0;
      SET auto_explain.log_nested_statements = on; SET client_min_messages = log; SET weir.tenant_id = 'acme'`);
    await client.query(`SELECT * FROM metrics.bucket_stats(
      ARRAY(SELECT id FROM metrics.series), ARRAY(SELECT 0 FROM metrics.series), '2026-11-19', '2026-11-21', '1 minute', 100)`);
    await client.end();
    const plan = plans.find((text) => text.includes('samples_')) ?? plans.join('\n');
    expect(plan).toContain('HashAggregate');
    expect(plan).not.toContain('Sort');
  });

  it('is unavailable, and nothing else, while the database is away', async () => {
    const nowhere = new MetricsReader({ url: 'postgres://weir@127.0.0.1:1/none', connectTimeoutMs: 500 });
    const away = { code: 'store_unavailable', retryable: true };
    await expect(nowhere.aggregate(query('sum'))).rejects.toMatchObject(away);
    await expect(nowhere.names({ tenantId: 'acme', limit: 1 })).rejects.toMatchObject(away);
    await expect(nowhere.ping()).rejects.toMatchObject(away);
    await nowhere.close();
  });
});
