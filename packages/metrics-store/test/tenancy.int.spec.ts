import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { type ListPage, MetricsReader, migrate } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

async function listed(ask: (cursor: { cursor?: string }) => Promise<ListPage<unknown>>): Promise<unknown[]> {
  const items: unknown[] = [];
  let page = await ask({});
  for (;;) {
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    page = await ask({ cursor: page.nextCursor });
  }
}

describe('one tenant and another', () => {
  const role = `reader_${randomBytes(6).toString('hex')}`;
  let db: TestStore;
  let reader: MetricsReader;
  let roleUrl: string;
  let ids: Record<string, string>;

  beforeAll(async () => {
    db = await testStore();
    await db.admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
    await migrate(db.url, { readerRole: role });
    const url = new URL(db.url);
    url.username = role;
    url.password = 'reader';
    reader = new MetricsReader({ url: url.href });
    roleUrl = url.href;
    await settle(
      db.open(),
      batch(
        db.topicId,
        ['acme', 'globex'].flatMap((tenantId) => [
          sample({ tenantId, name: 'shared', labels: { host: 'same' }, value: tenantId.length }),
          sample({ tenantId, name: `only_${tenantId}`, labels: { [`label_${tenantId}`]: tenantId } }),
        ]),
      ),
    );
    const { rows } = await db.admin.query<{ tenant_id: string; id: string }>(
      `SELECT tenant_id, id FROM metrics.series WHERE name = 'shared'`,
    );
    ids = Object.fromEntries(rows.map((row) => [row.tenant_id, row.id]));
  });
  afterAll(async () => {
    await reader.close();
    await db.admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await db.close();
  });

  it.each(['acme', 'globex'])(
    '%s reads its own, and nothing of the other, by every question there is',
    async (tenantId) => {
      const other = tenantId === 'acme' ? 'globex' : 'acme';
      const range = { fromMs: NOON - 1000, toMs: NOON + 1000 };
      const answers = [
        await reader.points({ tenantId, limit: 100 }),
        JSON.parse(String(await reader.pointsJson({ tenantId, limit: 100 }))) as unknown,
        await reader.series({ tenantId, limit: 100 }),
        await reader.names({ tenantId, limit: 100 }),
        await reader.labelNames({ tenantId, limit: 100 }),
        await reader.labelValues({ tenantId, label: `label_${tenantId}`, limit: 100 }),
        await reader.aggregate({ tenantId, ...range, stepMs: 1000, agg: 'sum', by: ['host', `label_${other}`] }),
      ];
      for (const answer of answers) {
        expect(JSON.stringify(answer)).not.toContain(other);
        expect(answer).not.toMatchObject({ items: [] });
      }
      expect((await reader.points({ tenantId, name: 'shared', limit: 10 })).points).toMatchObject([
        { value: tenantId.length },
      ]);
      expect(await reader.labelValues({ tenantId, label: `label_${other}`, limit: 100 })).toMatchObject({ items: [] });
      expect(await reader.points({ tenantId, name: `only_${other}`, limit: 100 })).toMatchObject({ points: [] });
    },
  );

  it('gives nothing to a tenant that does not exist, or that is written as a pattern or a trick', async () => {
    for (const tenantId of ['', 'initech', '%', `acme' OR '1'='1`, 'acme,globex', 'ACME'])
      expect(await reader.points({ tenantId, limit: 100 })).toMatchObject({ points: [] });
  });

  async function asRole<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: roleUrl });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  it('passes the second wall with no other id in hand: functions answer for the tenant that was said alone', async () => {
    const buckets = `$1::uuid[], ARRAY[0], '2026-01-01', '2027-01-01', '1 day', 10`;
    const page = `'-infinity', 'infinity', 'infinity', gen_random_uuid(), 10`;
    const calls = [
      `points_of_series('acme', 'shared', true, NULL, '{}', 10, ${page}) WHERE id = ANY ($1::uuid[])`,
      `points_of_series(current_setting('weir.tenant_id', true), NULL, true, NULL, '{}', 10, ${page}) WHERE id = ANY ($1::uuid[])`,
      `latest_points($1::uuid[], '-infinity', 'infinity', 'infinity', gen_random_uuid(), 10)`,
      `bucket_stats(${buckets})`,
      `bucket_last(${buckets})`,
      `bucket_quantile(${buckets}, 0.5)`,
    ];
    await asRole(async (client) => {
      const rowsFor = async (tenantId: string | null): Promise<number[]> => {
        await client.query('BEGIN');
        if (tenantId !== null) await client.query(`SELECT set_config('weir.tenant_id', $1, true)`, [tenantId]);
        const counts: number[] = [];
        for (const call of calls)
          counts.push((await client.query(`SELECT * FROM metrics.${call}`, [[ids['acme']]])).rowCount ?? -1);
        await client.query('COMMIT');
        return counts;
      };
      expect(await rowsFor('acme')).toEqual([1, 1, 1, 1, 1, 1]);
      expect(await rowsFor('globex')).toEqual([0, 0, 0, 0, 0, 0]);
      expect(await rowsFor(null)).toEqual([0, 0, 0, 0, 0, 0]); // what was said ended with its transaction
    });
  });

  it('does not even tell how many series another tenant has', async () => {
    const counted = await asRole(async (client) => {
      await client.query(`SELECT set_config('weir.tenant_id', 'globex', false)`);
      const { rows } = await client.query<object>(
        `SELECT * FROM metrics.points_of_series('acme', NULL, true, NULL, '{}', 10, '-infinity', 'infinity', 'infinity', gen_random_uuid(), 10)`,
      );
      return rows;
    });
    const nothing = { id: null, name: null, environment: null, labels: null, times: null, points: null };
    expect(counted).toEqual([{ matched: 0, ...nothing }]);
  });

  it.each(['series', 'samples', 'samples_20261120', 'ledger', 'migrations'])(
    'leaves the role of queries no right to metrics.%s',
    async (table) => {
      for (const sql of ['SELECT * FROM', 'DELETE FROM', 'TRUNCATE'])
        await expect(asRole((client) => client.query(`${sql} metrics.${table}`))).rejects.toMatchObject({
          code: '42501',
        });
    },
  );

  it('lets no function of the caller’s see a row before the wall does', async () => {
    const seen: (string | undefined)[] = [];
    await asRole(async (client) => {
      client.on('notice', ({ message }) => seen.push(message));
      // Without an index the view's condition and the caller's are tried row by row, the cheapest first.
      await client.query(`SET weir.tenant_id = 'globex'; SET enable_indexscan = off; SET enable_bitmapscan = off`);
      await client.query(`CREATE FUNCTION pg_temp.peek(text) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$`);
      await client.query('SELECT * FROM metrics.tenant_series WHERE pg_temp.peek(tenant_id)');
    });
    expect(seen).toEqual(['saw globex', 'saw globex']);
  });

  it('pages through names, labels and series, each once and in order', async () => {
    const acme = { tenantId: 'acme', limit: 1 };
    expect(await listed((cursor) => reader.names({ ...acme, ...cursor }))).toEqual(['only_acme', 'shared']);
    expect(await listed((cursor) => reader.labelNames({ ...acme, ...cursor }))).toEqual(['host', 'label_acme']);
    expect(await listed((cursor) => reader.labelValues({ ...acme, label: 'host', ...cursor }))).toEqual(['same']);
    expect(await listed((cursor) => reader.series({ ...acme, ...cursor }))).toEqual([
      { name: 'only_acme', environment: 'prod', labels: { label_acme: 'acme' }, firstSeen: expect.any(Number) },
      { name: 'shared', environment: 'prod', labels: { host: 'same' }, firstSeen: expect.any(Number) },
    ]);
  });
});
