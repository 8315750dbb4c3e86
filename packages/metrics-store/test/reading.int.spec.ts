import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { MetricsReader, type PointsPage } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

const HOUR_MS = 3_600_000;
const HOSTS = ['a', 'b', 'c'];

describe('MetricsReader.points', () => {
  let db: TestStore;
  let reader: MetricsReader;
  let from = 0;
  beforeAll(async () => {
    db = await testStore();
    reader = new MetricsReader({ url: db.url });
    await write(
      HOSTS.flatMap((host) =>
        Array.from({ length: 50 }, (_, i) => sample({ labels: { host }, timestampMs: NOON - i * HOUR_MS, value: i })),
      ),
    );
  });
  afterAll(async () => {
    await reader.close();
    await db.close();
  });

  async function write(samples: ReturnType<typeof sample>[]): Promise<void> {
    await settle(db.open(), batch(db.topicId, samples, { from }));
    from += samples.length;
  }

  async function pages(limit: number, between: (page: number) => Promise<void> = () => Promise.resolve()) {
    const points: string[] = [];
    let cursor: string | null = null;
    for (let page = 1; page === 1 || cursor !== null; page += 1) {
      const answer: PointsPage = await reader.points({
        tenantId: 'acme',
        name: 'cpu_seconds',
        limit,
        ...(cursor === null ? {} : { cursor }),
      });
      points.push(...answer.points.map((point) => `${point.timestamp} ${point.labels['host']}`));
      cursor = answer.nextCursor;
      await between(page);
    }
    return points;
  }

  it('gives every point once, newest first, page after page, though many share a time', async () => {
    const points = await pages(7);
    expect(new Set(points).size).toBe(150);
    expect(points).toHaveLength(150);
    const times = points.map((point) => Number(point.split(' ')[0]));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it('gives the same as the bytes of its JSON, of one series and of several', async () => {
    for (const query of [{ limit: 7 }, { labels: { host: 'a' }, limit: 100 }, { name: 'nothing', limit: 1 }]) {
      const asked = { tenantId: 'acme', ...query };
      expect(String(await reader.pointsJson(asked))).toBe(JSON.stringify(await reader.points(asked)));
    }
  });

  it('ends with the page that is exactly full', async () => {
    expect(await pages(75)).toHaveLength(150);
    expect(await reader.points({ tenantId: 'acme', limit: 150 })).toMatchObject({ nextCursor: null });
  });

  it('neither repeats nor skips a point while newer ones arrive between the pages', async () => {
    const points = await pages(10, (page) =>
      page > 3 ? Promise.resolve() : write([sample({ labels: { host: 'new' }, timestampMs: NOON + page })]),
    );
    expect(points.filter((point) => !point.endsWith('new'))).toHaveLength(150);
    expect(new Set(points).size).toBe(points.length);
  });

  it('gives what was stored, with the labels and the environment', async () => {
    const labels = { quote: `'"\\; DROP TABLE metrics.samples --`, unicode: 'Füße 🦫', $1: '%_' };
    await write([sample({ name: 'odd', environment: null, labels, value: 0.1, timestampMs: -1 })]);
    expect(await reader.points({ tenantId: 'acme', name: 'odd', labels, limit: 1 })).toEqual({
      points: [{ timestamp: -1, name: 'odd', value: 0.1, labels, environment: null }],
      nextCursor: null,
    });
  });

  it('tells every environment from none, whatever its text', async () => {
    const environments = [null, 'NULL', '', '{"a",b}', '🦫', 'prod'];
    await write(
      environments.map((environment, at) => sample({ tenantId: 'elsewhere', environment, timestampMs: NOON + at })),
    );
    const { points } = await reader.points({ tenantId: 'elsewhere', limit: 10 });
    expect(points.map(({ environment }) => environment)).toEqual(environments.toReversed());
  });

  it.each([
    ['a name', { name: 'cpu_seconds', limit: 100, fromMs: NOON, toMs: NOON + 1 }, 3],
    ['a label', { labels: { host: 'b' }, limit: 100 }, 50],
    ['a label that has no such value', { labels: { host: `b' OR '1'='1` }, limit: 100 }, 0],
    ['a label that is not there', { labels: { rack: '' }, limit: 100 }, 0],
    ['an environment', { environment: 'prod', fromMs: NOON, toMs: NOON + 1, limit: 100 }, 3],
    ['another environment', { environment: 'test', limit: 100 }, 0],
    ['from, which is part of it', { labels: { host: 'a' }, fromMs: NOON - HOUR_MS, toMs: NOON + 1, limit: 100 }, 2],
    ['to, which is not', { labels: { host: 'a' }, fromMs: NOON - HOUR_MS, toMs: NOON, limit: 100 }, 1],
    ['fractions of a millisecond', { labels: { host: 'a' }, fromMs: NOON - 0.5, toMs: NOON + 0.5, limit: 100 }, 1],
    ['times beyond the calendar', { labels: { host: 'a' }, fromMs: -9e15, toMs: 9e15, limit: 100 }, 50],
    ['a range that ends before it begins', { fromMs: NOON, toMs: NOON - 1, limit: 100 }, 0],
  ])('keeps to %s', async (_, query, count) => {
    expect((await reader.points({ tenantId: 'acme', ...query })).points).toHaveLength(count);
  });

  it("keeps the first page's range, and refuses a cursor with another range, filter or tenant", async () => {
    const asked = { tenantId: 'acme', name: 'cpu_seconds', labels: { host: 'a' } };
    const range = { fromMs: NOON - 2 * HOUR_MS, toMs: NOON + 1 };
    const { nextCursor } = await reader.points({ ...asked, ...range, limit: 1 });
    const later = { ...asked, limit: 100, cursor: nextCursor ?? '' };
    expect((await reader.points(later)).points).toHaveLength(2);
    expect((await reader.points({ ...later, ...range })).points).toHaveLength(2);
    const others = [
      { fromMs: 0 },
      { toMs: NOON },
      { labels: {} },
      { name: 'odd' },
      { tenantId: 'globex' },
      { environment: null },
    ];
    for (const other of others)
      await expect(reader.points({ ...later, ...other })).rejects.toMatchObject({ code: 'cursor' });
  });

  it('refuses what matches too many series, and answers at the limit', async () => {
    const asked = { tenantId: 'acme', name: 'cpu_seconds', environment: 'prod', limit: 1 };
    const poor = new MetricsReader({ url: db.url }, { maxSeries: HOSTS.length });
    const refusal = { code: 'query_over_budget', context: { limit: 'maxSeries', max: HOSTS.length } };
    await expect(poor.points(asked)).rejects.toMatchObject(refusal);
    await poor.close();
    const rich = new MetricsReader({ url: db.url }, { maxSeries: HOSTS.length + 1 });
    expect((await rich.points(asked)).points).toHaveLength(1);
    await rich.close();
  });

  it('goes on where a question ran out of time behind its plan', async () => {
    const hasty = new MetricsReader({ url: db.url, maxConnections: 1 }, { timeoutMs: 2_000 });
    const lock = await db.admin.connect();
    await lock.query('BEGIN; LOCK TABLE metrics.samples IN ACCESS EXCLUSIVE MODE');
    await expect(hasty.points({ tenantId: 'acme', limit: 1 })).rejects.toMatchObject({
      context: { limit: 'timeoutMs' },
    });
    await lock.query('ROLLBACK');
    lock.release();
    for (const _ of [1, 2]) expect((await hasty.points({ tenantId: 'acme', limit: 1 })).points).toHaveLength(1);
    await hasty.close();
  });

  it('refuses a cursor that is none', async () => {
    const forged = Buffer.from(JSON.stringify([`0' OR 1=1`, 'x'])).toString('base64url');
    await expect(reader.points({ tenantId: 'acme', limit: 1, cursor: forged })).rejects.toMatchObject({
      code: 'cursor',
      retryable: false,
    });
  });

  it.each([
    [
      'points_of_series',
      `'acme', 'cpu_seconds', true, NULL, '{"host":"a"}', 10, '-infinity', 'infinity', 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 10`,
    ],
    [
      'latest_points',
      `ARRAY(SELECT id FROM metrics.series WHERE labels = '{"host":"a"}'), '-infinity', 'infinity', 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 10`,
    ],
  ])(
    'reads the last hundred of a series from the end of its index, and from the newest day alone, by %s',
    async (name, parameters) => {
      const client = new Client({ connectionString: db.url });
      await client.connect();
      const plans: string[] = [];
      client.on('notice', (notice) => plans.push(notice.message ?? ''));
      await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
      SET auto_explain.log_nested_statements = on; SET client_min_messages = log; SET weir.tenant_id = 'acme'; SET enable_seqscan = off`);
      await client.query(`SELECT * FROM metrics.${name}(${parameters})`);
      await client.end();
      const plan = plans.find((text) => text.includes('Index Scan Backward using samples_')) ?? plans.join('\n');
      expect(plan).toMatch(/Index Scan Backward using samples_20261120_pkey.*\n.*Index Cond: \(\(series_id = /);
      expect(plan).toMatch(/samples_20261119_pkey.*\(never executed\)/);
      expect(plan).not.toContain('Seq Scan on samples');
    },
  );
});
