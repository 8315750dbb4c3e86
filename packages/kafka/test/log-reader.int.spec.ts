import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { uniqueName } from '@weir/testing';

import { KafkaAdmin, LogReader, TransactionalProducer } from '../src/index.js';
import { brokerProxy, connectionTo, freshTopic } from './clients.js';
import { numbered, Outside } from './kafka-fixture.js';

const outside = new Outside();
const admin = new KafkaAdmin(connectionTo());
const readers: LogReader[] = [];

beforeAll(() => outside.connect());
afterEach(() => Promise.all(readers.splice(0).map((each) => each.close())));
afterAll(() => Promise.all([outside.close(), admin.close()]));

function reader(patienceMs = 30_000, bootstrapServers?: string): LogReader {
  const made = new LogReader(connectionTo(bootstrapServers), { name: 'test', patienceMs });
  readers.push(made);
  return made;
}

async function texts(log: LogReader, topic: string, from: number, to: number, partition = 0): Promise<string[]> {
  const found: string[] = [];
  await log.read({ topic, partition, from, to }, (records) => {
    found.push(...records.map(({ offset, value }) => `${offset}:${value?.toString()}`));
  });
  return found;
}

const at = (from: number, to: number): string[] => numbered(from, to).map((text) => `${text}:${text}`);

describe('LogReader', () => {
  it('reads a stretch and no more, and then any other, also one before it and one of another partition', async () => {
    const topic = await outside.topic(2);
    await outside.send(topic, 0, numbered(0, 1_000));
    await outside.send(topic, 1, numbered(0, 10));
    const log = reader();
    expect(await texts(log, topic, 990, 1_000)).toEqual(at(990, 1_000));
    expect(await texts(log, topic, 3, 6)).toEqual(at(3, 6));
    expect(await texts(log, topic, 0, 10, 1)).toEqual(at(0, 10));
    expect(await texts(log, topic, 0, 1_000)).toEqual(at(0, 1_000));
    expect(await texts(log, topic, 5, 5)).toEqual([]);
  });

  it('reads stretches of several partitions at the same time, each in order and no further, and any of them again', async () => {
    const topic = await outside.topic(3);
    for (const partition of [0, 1, 2]) await outside.send(topic, partition, numbered(0, 300));
    const log = reader();
    const found = async (...stretches: (readonly [number, number])[]): Promise<string[][]> => {
      const lists = stretches.map((): string[] => []);
      const ranges = stretches.map(([from, to], partition) => ({ topic, partition, from, to }));
      await log.readAll(ranges, (records) => {
        for (const { partition, offset, value } of records) lists[partition]?.push(`${offset}:${value?.toString()}`);
      });
      return lists;
    };
    expect(await found([0, 1], [100, 300], [5, 5])).toEqual([at(0, 1), at(100, 300), []]);
    expect(await found([290, 300], [0, 2], [7, 9])).toEqual([at(290, 300), at(0, 2), at(7, 9)]);
    expect(await found()).toEqual([]);
  });

  it('ends where the caller has enough, and the next call is given nothing that was left', async () => {
    const topic = await outside.topic(2);
    for (const partition of [0, 1]) await outside.send(topic, partition, numbered(0, 1_000));
    const log = reader();
    const seen: number[] = [];
    const ranges = [0, 1].map((partition) => ({ topic, partition, from: 0, to: 1_000 }));
    await log.readAll(ranges, (records) => {
      seen.push(records.length);
      return 'enough';
    });
    expect(seen).toHaveLength(1);
    expect(await texts(log, topic, 990, 1_000, 1)).toEqual(at(990, 1_000));
    expect(await texts(log, topic, 0, 1_000)).toEqual(at(0, 1_000));
  });

  it('lets a caller leave that waits for its turn, and nobody pass whom it waited for', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 10));
    const log = reader(3_000);
    let first = 'waits';
    // Nothing is there past the tenth.
    const stuck = log.read({ topic, partition: 0, from: 0, to: 11 }, () => undefined).finally(() => (first = 'ended'));
    await expect(
      log.read({ topic, partition: 0, from: 0, to: 1 }, () => undefined, AbortSignal.timeout(100)),
    ).rejects.toThrow('timeout');
    expect(first).toBe('waits');
    const next = texts(log, topic, 0, 10);
    await Promise.allSettled([stuck]);
    expect(await next).toEqual(at(0, 10));
  });

  it('runs calls one after the other, and hands on what the caller throws', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 500));
    const log = reader();
    const fails = log.read({ topic, partition: 0, from: 0, to: 500 }, () => {
      throw new RangeError('enough');
    });
    const both = Promise.all([texts(log, topic, 0, 100), texts(log, topic, 100, 500)]);
    await expect(fails).rejects.toThrow('enough');
    expect((await both).flat()).toEqual(at(0, 500));
  });

  it('leaves out what is deleted or aborted, and ends where only control records are left', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 3));
    await outside.sendInTransaction(topic, 0, ['aborted'], false); // 3, and a control record at 4
    await outside.sendInTransaction(topic, 0, ['5'], true); // and a control record at 6
    await outside.sendInTransaction(topic, 0, ['aborted'], false); // 7 and 8
    await admin.deleteRecords([{ topic, partition: 0, offset: 1 }]);
    expect(await texts(reader(), topic, 0, 9)).toEqual(['1:1', '2:2', '5:5']);
    expect(await texts(reader(), topic, 6, 9)).toEqual([]);
  });

  it('waits for the end of a transaction that is open, and says so where it does not end', async () => {
    const topic = await freshTopic('log');
    const producer = new TransactionalProducer(connectionTo(), {
      name: 'test',
      compression: 'none',
      transactionalId: uniqueName('tx'),
    });
    await producer.init();
    await producer.begin();
    await producer.send([{ topic, key: null, value: Buffer.from('0') }]);
    await expect(texts(reader(300), topic, 0, 1)).rejects.toMatchObject({ code: 'kafka_unavailable' });
    const reading = texts(reader(), topic, 0, 1);
    await producer.commit();
    expect(await reading).toEqual(['0:0']);
    await producer.close(1_000);
  });

  it('finds where a time begins, and the end where nothing is as late', async () => {
    const topic = await freshTopic('log', { config: { 'message.timestamp.type': 'LogAppendTime' } });
    await outside.send(topic, 0, ['0']);
    const log = reader();
    expect(await log.offsetAt({ topic, partition: 0 }, Date.now() - 60_000)).toBe(0);
    expect(await log.offsetAt({ topic, partition: 0 }, Date.now() + 60_000)).toBe(1);
    expect(await log.offsetAt({ topic, partition: 0 }, -1)).toBe(0);
  });

  it('fails while the brokers are away, and works again once they are back', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 10));
    const broker = await brokerProxy();
    const log = reader(4_000, broker.bootstrapServers);
    expect(await texts(log, topic, 0, 5)).toEqual(at(0, 5));
    await broker.cut();
    await expect(texts(log, topic, 5, 10)).rejects.toMatchObject({ code: 'kafka_unavailable' });
    await broker.resume();
    expect(await texts(log, topic, 5, 10)).toEqual(at(5, 10));
    await log.close();
    await broker.close();
  });
});
