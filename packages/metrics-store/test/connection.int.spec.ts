import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';

import { openPool } from '../src/connection.js';
import { testStore, type TestStore } from './support/store.js';

let db: TestStore;
let pool: Pool;
beforeAll(async () => {
  db = await testStore({ migrated: false });
  pool = openPool({ url: db.url });
});
afterAll(async () => {
  await pool.end();
  await db.close();
});

const show = async (name: string): Promise<unknown> =>
  (await pool.query<Record<string, unknown>>(`SHOW ${name}`)).rows[0]?.[name];
const seconds = (text: unknown): number => Number(/^(\d+)(s?)$/u.exec(String(text))?.[1]);

describe('every session of the store', () => {
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
