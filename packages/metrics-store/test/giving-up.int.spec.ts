import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { MetricsReader } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

/** What a caller that went away gives as its reason. */
const reason = new Error('the caller is gone');

describe('MetricsReader, when nobody waits for the answer any more', () => {
  let db: TestStore;
  let reader: MetricsReader;
  const query = { tenantId: 'acme', name: 'cpu_seconds', limit: 1 };

  beforeAll(async () => {
    db = await testStore();
    // Nothing else ends a query within the test.
    const connection = { url: db.url, maxConnections: 1, lockTimeoutMs: 60_000, applicationName: 'gives-up' };
    reader = new MetricsReader(connection, { timeoutMs: 60_000 });
    await settle(db.open(), batch(db.topicId, [sample()]));
  });
  afterAll(async () => {
    await reader.close();
    await db.close();
  });

  const waitingForLocks = async (): Promise<number | null> =>
    (
      await db.admin.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'gives-up' AND wait_event_type = 'Lock'`,
      )
    ).rowCount;

  it('ends the query in the database, rejects with the reason, and has its connection for others', async () => {
    const lock = await db.admin.connect();
    await lock.query('BEGIN; LOCK TABLE metrics.samples IN ACCESS EXCLUSIVE MODE');
    const caller = new AbortController();
    const asked = reader.points(query, { signal: caller.signal });
    await eventually(waitingForLocks, (count) => count === 1);
    caller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await eventually(waitingForLocks, (count) => count === 0); // while the lock is still held
    expect(await reader.names(query)).toMatchObject({ items: ['cpu_seconds'] });
    await lock.query('ROLLBACK');
    lock.release();
    expect((await reader.points(query)).points).toHaveLength(1);
  });

  it('does not begin what was given up before it had a connection', async () => {
    await expect(reader.points(query, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const caller = new AbortController();
    const first = reader.points(query); // has the one connection
    const second = reader.points(query, { signal: caller.signal });
    caller.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect((await first).points).toMatchObject([{ timestamp: NOON }]);
    expect((await reader.points(query)).points).toHaveLength(1);
  });

  it('takes no notice of a caller that goes once it was answered', async () => {
    const caller = new AbortController();
    await reader.points(query, { signal: caller.signal });
    caller.abort(reason);
    expect((await reader.points(query)).points).toHaveLength(1);
  });
});
