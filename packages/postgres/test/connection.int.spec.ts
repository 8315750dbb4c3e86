import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type FreshDatabase, freshDatabase } from '@weir/testing';
import type { Pool } from 'pg';

import { openPool } from '../src/index.js';

let db: FreshDatabase;
let pool: Pool;
beforeAll(async () => {
  db = await freshDatabase('postgres');
  pool = openPool({ url: db.url, applicationName: 'a test of the pool' });
});
afterAll(async () => {
  await pool.end();
  await db.drop();
});

const show = async (name: string): Promise<unknown> =>
  (await pool.query<Record<string, unknown>>(`SHOW ${name}`)).rows[0]?.[name];
const seconds = (text: unknown): number => Number(/^(\d+)(s?)$/u.exec(String(text))?.[1]);

describe('every session', () => {
  it('ends by itself, with the locks that it holds, within half a minute of its client’s freezing or vanishing', async () => {
    expect(seconds(await show('statement_timeout'))).toBe(15);
    expect(seconds(await show('lock_timeout'))).toBe(10);
    expect(seconds(await show('idle_in_transaction_session_timeout'))).toBe(20);
    const [idle, interval, count] = [
      Number(await show('tcp_keepalives_idle')),
      Number(await show('tcp_keepalives_interval')),
      Number(await show('tcp_keepalives_count')),
    ];
    expect(idle + interval * count).toBeGreaterThan(0);
    expect(idle + interval * count).toBeLessThanOrEqual(30);
    expect(Number(await show('tcp_user_timeout'))).toBe(30_000);
    expect(await show('client_connection_check_interval')).toBe('1s');
  });

  it('may decompress as much as a late row needs: a limit would fail such a batch for ever (53400)', async () => {
    const { rows } = await pool.query(
      `SELECT current_setting('timescaledb.max_tuples_decompressed_per_dml_transaction') AS most`,
    );
    expect(rows).toEqual([{ most: '0' }]);
  });
});

describe('a pool', () => {
  it('outlives its connections, also one that is in use as the server ends it', async () => {
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    const failed = await eventually(
      () =>
        client.query('SELECT').then(
          () => null,
          (error: unknown) => error,
        ),
      (error) => error !== null,
    );
    client.release(true);
    expect(failed).toBeInstanceOf(Object);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
