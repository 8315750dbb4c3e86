import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPool } from '@weir/postgres';
import type { Pool } from 'pg';

import { defaultBudget } from '../src/index.js';
import { PreparedStatements } from '../src/read/prepared-statements.js';
import { asTenant, type TenantSession } from '../src/read/tenant-session.js';
import { batch, sample, settle, testStore, type TestStore } from './support/store.js';

const SETTINGS = `SELECT current_setting('weir.tenant_id', true) AS tenant, current_setting('statement_timeout') AS "limit",
  current_setting('transaction_read_only') AS read_only, current_setting('transaction_isolation') AS isolation`;

describe('a question to the store', () => {
  let db: TestStore;
  /** One connection, so that what a question leaves behind would be found by the next. */
  let pool: Pool;
  let prepared: PreparedStatements;
  beforeAll(async () => {
    db = await testStore();
    pool = openPool({ url: db.url, maxConnections: 1 });
    prepared = new PreparedStatements();
    const hosts = ['a', 'b', 'c'].map((host, value) => sample({ labels: { host }, value }));
    await settle(db.open(), batch(db.topicId, [...hosts, sample({ tenantId: 'globex', value: 77 })]));
  });
  afterAll(async () => {
    await pool.end();
    await db.close();
  });

  const ask = <T>(work: (session: TenantSession) => Promise<T>, tenantId = 'acme'): Promise<T> =>
    asTenant({ pool, prepared, budget: defaultBudget }, tenantId, work);

  const preparedCount = async (): Promise<number> =>
    (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM pg_prepared_statements')).rows[0]?.n ?? 0;

  it.each(['query', 'last'] as const)('has its settings by the first statement, %s, and leaves none', async (by) => {
    const { rows: before } = await pool.query(SETTINGS);
    const [settings] = await ask((session) => session[by]<{ limit: string }>({ text: SETTINGS }));
    expect(settings).toMatchObject({ tenant: 'acme', read_only: 'on', isolation: 'repeatable read' });
    expect(settings?.limit).toMatch(/^(10s|\ds|\d{1,4}ms)$/); // what is left of ten seconds
    const { rows: after } = await pool.query(SETTINGS);
    expect(after).toEqual([{ ...before[0], tenant: '' }]);
  });

  it('sees one moment by all of its statements', async () => {
    const count = { text: 'SELECT count(*)::int AS n FROM metrics.tenant_series' };
    const seen = await ask(async (session) => {
      const first = await session.query<{ n: number }>(count);
      await db.admin.query(
        `INSERT INTO metrics.series (id, tenant_id, name, labels) VALUES (gen_random_uuid(), 'acme', 'later', '{}')`,
      );
      return [...first, ...(await session.last<{ n: number }>(count))];
    });
    expect(seen).toEqual([{ n: 3 }, { n: 3 }]);
    expect(await ask((session) => session.last(count))).toEqual([{ n: 4 }]);
  });

  it('fails as a whole, and what failed says nothing to whoever has the connection next', async () => {
    const failed = ask((session) => session.last({ text: 'SELECT 1 / $1::int AS n', values: [0] }), 'globex');
    await expect(failed).rejects.toMatchObject({ code: 'value_out_of_range' });
    const text = 'SELECT tenant_id AS tenant FROM metrics.tenant_series';
    const rows = await ask((session) => session.last<{ tenant: string }>({ text }));
    expect(new Set(rows.map(({ tenant }) => tenant))).toEqual(new Set(['acme']));
    expect((await pool.query(SETTINGS)).rows).toMatchObject([{ tenant: '', read_only: 'off' }]);
  });

  it('takes each kind of parameter and of value as PostgreSQL has it', async () => {
    const text = `SELECT $1::text AS text, $2::float8 AS number, $3::int[] AS numbers, $4::jsonb AS json, NULL::int AS nothing`;
    const values = [`'"\\; --`, 0.1, [1, -2], '{"a":[1]}'];
    expect(await ask((session) => session.last({ text, values }))).toEqual([
      { text: values[0], number: 0.1, numbers: [1, -2], json: { a: [1] }, nothing: null },
    ]);
  });

  it('that is asked often is planned once for each connection, also where it failed in between', async () => {
    const often = { text: 'SELECT 6 / $1::int AS n', prepared: true };
    const times = (n: number) => ask((session) => session.last<{ n: number }>({ ...often, values: [n] }));
    await expect(times(0)).rejects.toMatchObject({ code: 'value_out_of_range' });
    expect(await times(2)).toEqual([{ n: 3 }]);
    const count = await preparedCount();
    expect(await times(3)).toEqual([{ n: 2 }]);
    expect(await preparedCount()).toBe(count);
    const { rows } = await pool.query('SELECT statement FROM pg_prepared_statements');
    expect(rows).toContainEqual({ statement: often.text });
  });

  it('is answered where a pooler gives it a server on which nothing was prepared, and nothing is from then on', async () => {
    const swapped = new PreparedStatements();
    const two = openPool({ url: db.url, maxConnections: 2 });
    const often = { text: 'SELECT 7 AS n', prepared: true };
    const once = () => asTenant({ pool: two, prepared: swapped, budget: defaultBudget }, 'acme', (s) => s.last(often));
    await Promise.all([once(), once()]);
    const clients = await Promise.all([two.connect(), two.connect()]);
    for (const client of clients) await client.query('DEALLOCATE ALL');
    for (const client of clients) client.release();
    expect(await Promise.all([once(), once(), once()])).toEqual([[{ n: 7 }], [{ n: 7 }], [{ n: 7 }]]);
    const left = await Promise.all([1, 2].map(() => two.query('SELECT FROM pg_prepared_statements')));
    expect(left.map(({ rowCount }) => rowCount)).toEqual([0, 0]);
    await two.end();
  });
});
