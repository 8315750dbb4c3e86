import { randomBytes } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { engines, eventually, medianOf, TcpProxy } from '@weir/testing';

import { connectionTo, OutboxFixture } from './support/fixture.js';

describe('the outbox', () => {
  let fixture: OutboxFixture;
  beforeEach(async () => {
    fixture = await OutboxFixture.create();
  });
  afterEach(() => fixture.close());

  it('publishes what was committed, byte for byte, and nothing of what was rolled back', async () => {
    const { topic, outbox } = fixture;
    fixture.relay().start();
    const value = randomBytes(300);
    const headers = [
      { key: 'a', value: Buffer.from([0, 255]) },
      { key: 'a', value: Buffer.alloc(0) },
    ];
    await expect(
      fixture.inTransaction(async (client) => {
        await outbox.enqueue(client, [{ topic, key: 'k', value: Buffer.from('never') }]);
        throw new Error('the row was refused');
      }),
    ).rejects.toThrow('refused');
    await fixture.inTransaction((client) =>
      outbox.enqueue(client, [
        { topic, key: 'k', value, headers },
        { topic, key: null, value: null },
        { topic, key: Buffer.from('k'), value: Buffer.from('last') },
      ]),
    );
    await fixture.untilEmpty();
    const published = await fixture.published();
    expect(published).toEqual([
      {
        key: 'k',
        value: String(value),
        headers: [
          ['a', Buffer.from([0, 255])],
          ['a', Buffer.alloc(0)],
        ],
      },
      { key: null, value: null, headers: [] },
      { key: 'k', value: 'last', headers: [] },
    ]);
  });

  it('keeps the order in which a lock let the transactions through, whatever their number', async () => {
    await fixture.pool.query('CREATE TABLE app.counters (name text PRIMARY KEY, n int NOT NULL)');
    await fixture.pool.query(`INSERT INTO app.counters VALUES ('a', 0), ('b', 0)`);
    fixture.relay({ batchMessages: 7 }).start();
    const change = (name: string): Promise<void> =>
      fixture.inTransaction(async (client) => {
        const { rows } = await client.query<{ n: number }>(
          'UPDATE app.counters SET n = n + 1 WHERE name = $1 RETURNING n',
          [name],
        );
        const value = Buffer.from(`${name}${rows[0]?.n}`);
        await fixture.outbox.enqueue(client, [{ topic: fixture.topic, key: name, value }]);
      });
    await Promise.all(Array.from({ length: 120 }, (_, i) => change(i % 2 === 0 ? 'a' : 'b')));
    await fixture.untilEmpty();
    const values = await fixture.values();
    for (const name of ['a', 'b'])
      expect(values.filter((value) => value?.startsWith(name))).toEqual(
        Array.from({ length: 60 }, (_, i) => `${name}${i + 1}`),
      );
  });

  it('takes a message with a lower id that is committed later than one already published', async () => {
    fixture.relay().start();
    const late = await fixture.pool.connect();
    await late.query('BEGIN');
    await fixture.outbox.enqueue(late, [{ topic: fixture.topic, key: 'late', value: Buffer.from('late') }]);
    await fixture.say('early', 'early');
    await eventually(
      () => fixture.values(),
      (values) => values.includes('early'),
    );
    await late.query('COMMIT');
    late.release();
    await fixture.untilEmpty();
    expect(await fixture.values()).toEqual(['early', 'late']);
  });

  it('publishes within two seconds of the commit, and keeps no row of what it published', async () => {
    fixture.relay().start();
    await fixture.say('warm', 'up');
    await fixture.untilEmpty();
    const emptiedMs = async (n: number): Promise<number> => {
      const startedAt = performance.now();
      await fixture.say('k', `${n}`);
      await eventually(
        () => fixture.outbox.backlog(fixture.pool),
        ({ messages }) => messages === 0,
        { intervalMs: 5 },
      );
      return performance.now() - startedAt;
    };
    expect(await medianOf(5, emptiedMs)).toBeLessThan(2_000);
    const { rows } = await fixture.pool.query('SELECT * FROM app.outbox');
    expect(rows).toEqual([]);
  });

  it('refuses at once what no broker would ever take, since it would hold up everything after it', async () => {
    const { topic, outbox } = fixture;
    const enqueue = (message: object): Promise<void> =>
      fixture.inTransaction((client) => outbox.enqueue(client, [{ topic, key: 'k', value: null, ...message }]));
    await expect(enqueue({ value: Buffer.alloc(1024 * 1024) })).rejects.toMatchObject({ code: 'record_invalid' });
    await expect(enqueue({ headers: [{ key: 'a\0', value: Buffer.alloc(0) }] })).rejects.toMatchObject({
      code: 'record_invalid',
    });
    expect(await outbox.backlog(fixture.pool)).toEqual({ messages: 0, oldestAgeMs: 0 });
  });

  it('cuts batches by their bytes as well, and still publishes a message that is larger than a batch', async () => {
    const taken: number[] = [];
    const value = Buffer.alloc(1_000);
    await fixture.inTransaction((client) =>
      fixture.outbox.enqueue(
        client,
        [1_000, 1_000, 1_000, 9_000, 1_000].map((bytes) => ({
          topic: fixture.topic,
          key: 'k',
          value: Buffer.concat([value, Buffer.alloc(bytes - 1_000)]),
        })),
      ),
    );
    fixture.relay({ batchBytes: 2_500, observer: { taken: (count) => taken.push(count) } }).start();
    await fixture.untilEmpty();
    expect(taken).toEqual([2, 1, 1, 1]);
  });

  it('waits for a database and brokers that are away, loses nothing, and repeats only what it could not settle, at once', async () => {
    const database = await TcpProxy.before(fixture.databaseUrl, { away: true });
    const broker = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers);
    const relay = fixture.relay({ databaseUrl: database.url(fixture.databaseUrl) }, connectionTo(broker.address));
    try {
      relay.start();
      await fixture.say('k', '1', '2');
      await database.resume();
      await fixture.untilEmpty();
      await broker.cut();
      await fixture.say('k', '3');
      await database.cut();
      await fixture.say('k', '4');
      await broker.resume();
      await database.resume();
      await fixture.untilEmpty();
      const values = await fixture.values();
      // The batch that was taken before the database went away may be committed by the brokers, and is then published again.
      expect(values.filter((value, at) => value !== values[at - 1])).toEqual(['1', '2', '3', '4']);
      expect(values.length).toBeLessThanOrEqual(5);
    } finally {
      await relay.stop();
      await Promise.all([broker.cut(), database.cut()]);
    }
  });
});
