import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, medianOf, uniqueName } from '@weir/testing';

import {
  type ConsumedRecord,
  KafkaAdmin,
  RecordProducer,
  TopicReader,
  type TopicReaderObserver,
  type TopicReaderOptions,
} from '../src/index.js';
import { type BrokerProxy, brokerProxy, connectionTo, freshTopic } from './clients.js';
import { Outside } from './kafka-fixture.js';

const outside = new Outside();
const closers: (() => Promise<void>)[] = [];
beforeAll(() => outside.connect());
afterAll(() => outside.close());
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Watched {
  readonly reader: TopicReader;
  readonly values: string[];
  readonly failures: string[];
}

function read(topic: string, options: Partial<TopicReaderOptions> = {}, bootstrapServers?: string): Watched {
  const values: string[] = [];
  const failures: string[] = [];
  const observer: TopicReaderObserver = { failed: (error) => failures.push(error.code), ...options.observer };
  const onRecord = (record: ConsumedRecord): void => {
    values.push(record.value?.toString() ?? '∅');
  };
  const reader = new TopicReader(connectionTo(bootstrapServers), { topic, onRecord, ...options, observer });
  closers.push(() => reader.close());
  reader.start();
  return { reader, values, failures };
}

async function producer(): Promise<RecordProducer> {
  const made = new RecordProducer(connectionTo(), {
    name: 'test',
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 100_000,
    maxQueuedBytes: 10_000_000,
  });
  closers.push(() => made.close(1_000));
  await made.start();
  return made;
}

const records = (topic: string, ...values: string[]): { topic: string; key: string; value: Buffer }[] =>
  values.map((value) => ({ topic, key: value, value: Buffer.from(value) }));

const proxy = async (): Promise<BrokerProxy> => {
  const made = await brokerProxy();
  closers.push(() => made.close());
  return made;
};

describe('TopicReader', () => {
  it('delivers the whole topic, in order within each partition, and knows when it has', async () => {
    const topic = await freshTopic('reader', { partitions: 3 });
    const sender = await producer();
    const sent = Array.from({ length: 2_500 }, (_, i) => `${i}`);
    await sender.send(records(topic, ...sent));
    const perPartition = new Map<number, number>();
    const seen = new Set<string>();
    let ordered = true;
    const { reader } = read(topic, {
      onRecord: ({ partition, value }) => {
        ordered &&= Number(value) > (perPartition.get(partition) ?? -1);
        perPartition.set(partition, Number(value));
        seen.add(String(value));
      },
    });
    expect(reader.caughtUp).toBe(false);
    expect(reader.ageMs()).toBe(Infinity);
    await eventually(() => reader.caughtUp);
    expect(seen.size).toBe(2_500);
    expect(ordered).toBe(true);
    await eventually(() => reader.ageMs() < 5_000);
  });

  it('is caught up with a topic that has nothing in it', async () => {
    const { reader, values } = read(await freshTopic('reader', { partitions: 2 }));
    await eventually(() => reader.caughtUp);
    expect(values).toEqual([]);
  });

  it('is caught up where nothing is left to read', async () => {
    const topic = await freshTopic('reader');
    const sender = await producer();
    await sender.send(records(topic, 'a', 'b', 'c'));
    const admin = new KafkaAdmin(connectionTo());
    closers.push(() => admin.close());
    await admin.deleteRecords([{ topic, partition: 0, offset: 3 }]);
    const { reader, values } = read(topic);
    await eventually(() => reader.caughtUp);
    expect(values).toEqual([]);
  });

  it.each([true, false])('is caught up with a topic that ends in a transaction (committed: %s)', async (committed) => {
    const topic = await freshTopic('reader');
    await outside.sendInTransaction(topic, 0, ['a', 'b'], committed);
    const { reader, values } = read(topic);
    await eventually(() => reader.caughtUp);
    expect(values).toEqual(committed ? ['a', 'b'] : []);
    // Also with a transaction that comes later.
    await outside.sendInTransaction(topic, 0, ['c'], committed);
    const since = performance.now();
    await eventually(() => reader.ageMs() < performance.now() - since);
    expect(values).toEqual(committed ? ['a', 'b', 'c'] : []);
  });

  it('brings a new record well within half a second', async () => {
    const topic = await freshTopic('reader');
    const sender = await producer();
    const { reader, values } = read(topic);
    await eventually(() => reader.caughtUp);
    const delayMs = async (i: number): Promise<number> => {
      const since = performance.now();
      await sender.send(records(topic, `${i}`));
      await eventually(() => values.length === i + 1, Boolean, { intervalMs: 2 });
      return performance.now() - since;
    };
    expect(await medianOf(20, delayMs)).toBeLessThan(500);
  });

  it('stays young while it is at the end, with news and without', async () => {
    const topic = await freshTopic('reader');
    const { reader } = read(topic);
    await eventually(() => reader.caughtUp);
    // From anew where it was too old, as it is when the whole process stood still.
    let youngSince = performance.now();
    const youngForMs = (): number => {
      if (reader.ageMs() >= 1_500) youngSince = performance.now();
      return performance.now() - youngSince;
    };
    expect(await eventually(youngForMs, (ms) => ms > 2_500, { intervalMs: 20 })).toBeGreaterThan(2_500);
  });

  it('passes over a record that its reader cannot use, and tells', async () => {
    const topic = await freshTopic('reader');
    const sender = await producer();
    await sender.send(records(topic, 'good', 'bad', 'also good'));
    const used: string[] = [];
    const passedOver: string[] = [];
    const { reader } = read(topic, {
      onRecord: ({ value }) => {
        if (String(value) === 'bad') throw new Error('cannot use it');
        used.push(String(value));
      },
      observer: { recordFailed: ({ value }) => passedOver.push(String(value)) },
    });
    await eventually(() => reader.caughtUp);
    expect(used).toEqual(['good', 'also good']);
    expect(passedOver).toEqual(['bad']);
  });

  it('waits for a topic that is not there yet', async () => {
    const topic = uniqueName('reader');
    const { reader, failures } = read(topic);
    await eventually(() => failures.includes('topic_missing'));
    expect(reader.caughtUp).toBe(false);
    await freshTopic('reader', { name: topic });
    await eventually(() => reader.caughtUp);
  });

  it('reads again when the topic was deleted and made anew, and is not caught up until it has', async () => {
    const topic = await freshTopic('reader');
    const sender = await producer();
    await sender.send(records(topic, 'old 1', 'old 2', 'old 3'));
    const recreated: string[] = [];
    const { reader, values } = read(topic, { observer: { recreated: (id) => recreated.push(id) } });
    await eventually(() => reader.caughtUp);
    const admin = new KafkaAdmin(connectionTo());
    closers.push(() => admin.close());
    await admin.deleteTopics([topic]);
    await eventually(
      () => admin.describeTopics([topic]),
      (found) => found.length === 0,
    );
    await freshTopic('reader', { name: topic });
    await (await producer()).send(records(topic, 'new'));
    await eventually(() => recreated.length === 1 && reader.caughtUp && values.includes('new'));
    expect(values.slice(0, 3)).toEqual(['old 1', 'old 2', 'old 3']);
    expect(new Set(values.slice(3))).toEqual(new Set(['new']));
  });

  it('closes at once, also before anything was reached', async () => {
    const broker = await proxy();
    await broker.cut();
    const { reader } = read('nothing', {}, broker.bootstrapServers);
    const since = performance.now();
    await reader.close();
    expect(performance.now() - since).toBeLessThan(10_000); // a question that is under way ends after two seconds
  });
});

describe('TopicReader, when the broker is away', () => {
  it.each(['cut', 'stall'] as const)(
    'grows older, and brings what it missed once it is back (connections %s)',
    async (how) => {
      const topic = await freshTopic('reader');
      const sender = await producer();
      await sender.send(records(topic, 'before'));
      const broker = await proxy();
      const { reader, values } = read(topic, {}, broker.bootstrapServers);
      await eventually(() => reader.caughtUp);

      await broker[how]();
      await sender.send(records(topic, 'meanwhile'));
      await eventually(() => reader.ageMs() > 2_000);
      expect(values).toEqual(['before']);
      expect(reader.caughtUp).toBe(true);

      if (how === 'stall') await broker.cut();
      await broker.resume();
      await eventually(() => values.length === 2);
      await eventually(() => reader.ageMs() < 1_500);
      expect(values).toEqual(['before', 'meanwhile']);
    },
  );
});
