import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPool } from '@weir/postgres';
import { type FreshDatabase, freshDatabase } from '@weir/testing';

import { Database, MANY_RECORDS } from '../src/database/database.js';

describe('a transaction about many records', () => {
  let fresh: FreshDatabase;
  let database: Database;
  beforeAll(async () => {
    fresh = await freshDatabase('many');
    // So short that the client's own limit is passed too: two seconds more.
    database = new Database(openPool({ url: fresh.url, maxConnections: 1, statementTimeoutMs: 1_000 }));
  });
  afterAll(async () => {
    await database.pool.end();
    await fresh.drop();
  });
  const sleeps = (options?: typeof MANY_RECORDS) =>
    database.transaction((transaction) => transaction.query('SELECT pg_sleep(3.5)'), options);

  it('has more time for each statement, and whatever comes after it on the connection has not', async () => {
    await expect(sleeps()).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(sleeps(MANY_RECORDS)).resolves.toHaveLength(1);
    await expect(sleeps()).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
