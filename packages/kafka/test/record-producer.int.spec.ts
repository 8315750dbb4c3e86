import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '@weir/testing';
import { randomBytes } from 'node:crypto';

import type { OutgoingRecord, ProducerOptions, RecordProducer } from '../src/index.js';
import { wireBytes } from '../src/clients/producer/sendable.js';
import { freshTopic, readAll } from './clients.js';
import { closeAll, codeOf, producer, proxy } from './producers.js';

afterEach(closeAll);

const record = (topic: string, value: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic,
  key: 'k',
  value: Buffer.from(value),
  ...more,
});

/** To a broker that may be taken away: until it has answered once, a send waits for a second alone. */
async function connected(options: Partial<ProducerOptions>, bootstrapServers: string): Promise<RecordProducer> {
  const made = await producer(options, bootstrapServers);
  await eventually(() => made.state === 'ready');
  return made;
}

describe('RecordProducer', () => {
  it('has every record of a call in the log, in order, when the call resolves', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer();
    await sender.send(Array.from({ length: 1_000 }, (_, i) => record(topic, `${i}`)));
    expect((await readAll(topic)).map((r) => r.value?.toString())).toEqual(
      Array.from({ length: 1_000 }, (_, i) => `${i}`),
    );
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
  });

  it('keeps every byte: null and empty values, keys and headers are told apart', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer();
    const empty = Buffer.alloc(0);
    const headers = [
      { key: 'a', value: Buffer.from([0xff, 0, 1]) },
      { key: 'a', value: empty },
      { key: '', value: Buffer.from('no name') },
      { key: '__proto__', value: Buffer.from('p') },
      { key: '7', value: Buffer.from('number') },
    ];
    await sender.send([
      { topic, key: null, value: null },
      { topic, key: empty, value: empty, headers },
      { topic, key: '', value: Buffer.from([0, 0xff]), timestampMs: 1_700_000_000_123 },
    ]);
    const read = await readAll(topic);
    expect(read.map(({ key, value }) => ({ key, value }))).toEqual([
      { key: null, value: null },
      { key: empty, value: empty },
      { key: empty, value: Buffer.from([0, 0xff]) },
    ]);
    expect(read[1]?.headers).toEqual(headers);
    expect(read[2]?.timestampMs).toBe(1_700_000_000_123);
  });

  it('gives each record its own headers, whichever those beside it have', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer();
    const shared = ['one', 'two'].map((key) => ({ key, value: Buffer.from(`${key}, of several`) }));
    const own = [{ key: 'three', value: Buffer.from('of one') }];
    const lists = [shared, shared, undefined, shared, own, [], shared, [...shared, ...own], shared, shared];
    await sender.send(
      lists.map((headers, i) => record(topic, `${i}`, { partition: 0, ...(headers !== undefined && { headers }) })),
    );
    await sender.send([record(topic, 'after', { partition: 0, headers: own })]);
    const read = await readAll(topic);
    expect(read.map(({ headers }) => headers)).toEqual([...lists, own].map((headers) => headers ?? []));
  });

  it('puts a key where Java clients put it', async () => {
    const topic = await freshTopic('producer', { partitions: 12 });
    const sender = await producer();
    const keys = ['21', 'foobar', 'a-little-bit-long-string', ''];
    await sender.send(keys.map((key) => record(topic, key, { key })));
    const read = await readAll(topic, { partitions: 12 });
    expect(Object.fromEntries(read.map((r) => [r.key?.toString(), r.partition]))).toEqual(
      Object.fromEntries(keys.map((key) => [key, javaPartition(key, 12)])),
    );
  });

  it.each([
    ['a null header value', { headers: [{ key: 'h', value: null }] }],
    ['a header name with a NUL', { headers: [{ key: 'a\0b', value: Buffer.from('x') }] }],
    ['more bytes than the topic takes', { value: Buffer.alloc(1_100_000) }],
  ])('refuses a request with %s before its first record is produced', async (_what, bad) => {
    const topic = await freshTopic('producer');
    const sender = await producer();
    expect(await codeOf(sender.send([record(topic, 'good'), record(topic, 'bad', bad)]))).toBe('record_invalid');
    await sender.flush(30_000);
    expect(await readAll(topic)).toEqual([]);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'takes a record of random bytes as large as the topic allows with %s, and refuses one that is larger before it costs others anything',
    async (compression) => {
      const limit = 1_048_576;
      const topic = await freshTopic('producer', { config: { 'max.message.bytes': `${limit}` } });
      const sender = await producer({ compression, maxMessageBytes: limit, maxQueuedBytes: 20_000_000, lingerMs: 50 });
      const value = randomBytes(limit - wireBytes([record(topic, '')], limit));
      const largest = record(topic, '', { value });
      const tooLarge = record(topic, '', { value: randomBytes(value.length + 1) });

      const others = [
        sender.send([record(topic, 'before'), largest]),
        sender.send([largest, record(topic, 'between')]),
      ];
      expect(await codeOf(sender.send([record(topic, 'refused too'), tooLarge]))).toBe('record_invalid');
      others.push(sender.send([record(topic, 'after'), largest]));
      await Promise.all(others);
      const read = await readAll(topic);
      expect(read.map((r) => ((r.value?.length ?? 0) > 100 ? 'largest' : r.value?.toString()))).toEqual([
        'before',
        'largest',
        'largest',
        'between',
        'after',
        'largest',
      ]);
      expect(read[1]?.value?.equals(value)).toBe(true);
    },
  );

  it('packs records of random bytes into batches that the topic takes', async () => {
    const limit = 2_000;
    const topic = await freshTopic('producer', { config: { 'max.message.bytes': `${limit}` } });
    const sender = await producer({ maxMessageBytes: limit, lingerMs: 50 });
    const sizes = Array.from({ length: 500 }, (_, i) => 1 + ((i * 37) % 400));
    await sender.send(sizes.map((size) => record(topic, '', { key: null, value: randomBytes(size) })));
    expect((await readAll(topic)).map((r) => r.value?.length)).toEqual(sizes);
  });

  it('reserves room for a whole request, or produces nothing of it', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer({ maxQueuedRecords: 10, lingerMs: 300 });
    await eventually(
      () => sender.state,
      (s) => s === 'ready',
    );
    const first = sender.send(Array.from({ length: 6 }, (_, i) => record(topic, `first ${i}`)));
    expect(sender.queue.records).toBe(6);
    expect(await codeOf(sender.send(Array.from({ length: 5 }, () => record(topic, 'too many'))))).toBe(
      'producer_queue_full',
    );
    const last = sender.send(Array.from({ length: 4 }, (_, i) => record(topic, `last ${i}`)));
    await Promise.all([first, last]);
    expect(await readAll(topic)).toHaveLength(10);
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
    await sender.send(Array.from({ length: 10 }, () => record(topic, 'room again')));
  });

  it('counts bytes as well as records, and says so of a request that can never fit', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer({ maxQueuedBytes: 2_000, lingerMs: 300 });
    const first = sender.send([record(topic, 'x'.repeat(1_500))]);
    expect(await codeOf(sender.send([record(topic, 'x'.repeat(1_500))]))).toBe('producer_queue_full');
    expect(await codeOf(sender.send([record(topic, 'x'.repeat(3_000))]))).toBe('record_invalid');
    await first;
  });

  it("loses no count when librdkafka's own queue is full in the middle of a request", async () => {
    const topic = await freshTopic('producer');
    const sender = await producer({ lingerMs: 200, settings: { 'queue.buffering.max.messages': 3 } });
    await eventually(
      () => sender.state,
      (s) => s === 'ready',
    );
    expect(await codeOf(sender.send(Array.from({ length: 5 }, (_, i) => record(topic, `${i}`))))).toBe(
      'delivery_unknown',
    );
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
    expect((await readAll(topic)).map((r) => r.value?.toString())).toEqual(['0', '1', '2']);
  });

  it('rejects a request as a whole when one of its records cannot be delivered', async () => {
    const topic = await freshTopic('producer');
    const failures: [string, string, number][] = [];
    const delivered: [string, number][] = [];
    const sender = await producer({
      deliveryTimeoutMs: 5_000,
      observer: {
        failed: (...facts) => failures.push(facts),
        delivered: (name, count, seconds) => {
          expect(seconds).toBeGreaterThan(0);
          delivered.push([name, count]);
        },
      },
    });
    const missing = uniqueName('missing');
    expect(await codeOf(sender.send([record(topic, 'there'), record(missing, 'not there')]))).toBe('delivery_unknown');
    expect(delivered).toEqual([[topic, 1]]);
    expect(failures).toEqual([[missing, expect.stringMatching(/^ERR_/), 1]]);
    expect(await readAll(topic)).toHaveLength(1);
  });

  it('flushes within a time: all is in the log then, or it says that this is not known', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer({ lingerMs: 400 });
    await eventually(() => sender.state === 'ready');
    const sent = sender.send([record(topic, 'lingers')]);
    expect(await codeOf(sender.flush(50))).toBe('delivery_unknown');
    await sender.flush(30_000);
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
    expect(await readAll(topic)).toHaveLength(1);
    await sent;
  });

  it('finishes what is under way when it is closed, and takes no more', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer({ lingerMs: 200 });
    await eventually(
      () => sender.state,
      (s) => s === 'ready',
    );
    const sent = sender.send([record(topic, 'last words')]);
    const closed = sender.close(30_000);
    expect(await codeOf(sender.send([record(topic, 'too late')]))).toBe('kafka_unavailable');
    await Promise.all([sent, closed]);
    expect(sender.state).toBe('closed');
    expect(await readAll(topic)).toHaveLength(1);
  });
});

describe('RecordProducer, when the broker is away', () => {
  it('starts, refuses quickly, and works once the broker is there', async () => {
    const topic = await freshTopic('producer');
    const broker = await proxy();
    await broker.cut();
    const sender = await producer({}, broker.bootstrapServers);
    const since = performance.now();
    expect(await codeOf(sender.send([record(topic, 'early')]))).toBe('kafka_unavailable');
    expect(performance.now() - since).toBeLessThan(10_000); // and not as long as records may take
    expect(sender).toMatchObject({ state: 'connecting', queue: { records: 0, bytes: 0 } });

    await broker.resume();
    await eventually(
      () => sender.state,
      (s) => s === 'ready',
    );
    await sender.send([record(topic, 'later')]);
    expect((await readAll(topic)).map((r) => r.value?.toString())).toEqual(['later']);
  });

  it('sends at once after start: the first send waits for the connection', async () => {
    const topic = await freshTopic('producer');
    const sender = await producer();
    expect(sender.state).toBe('connecting');
    await sender.send([record(topic, 'first')]);
    expect(await readAll(topic)).toHaveLength(1);
  });

  it('delivers across a short absence without the caller noticing', async () => {
    const topic = await freshTopic('producer');
    const broker = await proxy();
    const sender = await connected({}, broker.bootstrapServers);
    await sender.send([record(topic, 'before')]);
    await broker.cut();
    const sent = sender.send([record(topic, 'during')]);
    await broker.resume();
    await sent;
    expect((await readAll(topic)).map((r) => r.value?.toString())).toEqual(['before', 'during']);
  });

  it.each(['cut', 'stall'] as const)(
    'answers delivery_unknown soon after the delivery time-out when connections %s',
    async (how) => {
      const topic = await freshTopic('producer');
      const broker = await proxy();
      const sender = await connected({ deliveryTimeoutMs: 3_000 }, broker.bootstrapServers);
      await sender.send([record(topic, 'before')]);
      await broker[how]();
      const since = performance.now();
      expect(await codeOf(sender.send([record(topic, 'during')]))).toBe('delivery_unknown');
      expect(performance.now() - since).toBeLessThan(12_000);
      expect(sender.queue).toEqual({ records: 0, bytes: 0 });
    },
  );

  it('rejects what remains as delivery_unknown when it is closed', async () => {
    const topic = await freshTopic('producer');
    const broker = await proxy();
    const sender = await connected({ deliveryTimeoutMs: 60_000 }, broker.bootstrapServers);
    await sender.send([record(topic, 'before')]);
    await broker.cut();
    const sent = codeOf(sender.send([record(topic, 'during')]));
    const since = performance.now();
    await sender.close(300);
    expect(await sent).toBe('delivery_unknown');
    expect(performance.now() - since).toBeLessThan(15_000);
  });
});

describe('RecordProducer, when librdkafka declares the producer dead', () => {
  it('rejects what is under way, refuses meanwhile, and goes on with a new one by itself', async () => {
    const topic = await freshTopic('producer', { config: { 'max.message.bytes': '1000' } });
    const states = ['connecting'];
    // A record that the broker refuses leaves a gap in the sequence; with this setting that is fatal, which nothing else is at will.
    const sender = await producer({
      compression: 'none',
      deliveryTimeoutMs: 60_000,
      settings: { 'enable.gapless.guarantee': true },
      // A try to connect that takes too long tells the same state again.
      observer: { stateChanged: (state) => state === states.at(-1) || states.push(state) },
    });
    await sender.send([record(topic, 'before')]);
    const underWay = codeOf(sender.send([record(uniqueName('missing'), 'waits until there is such a topic')]));
    expect(await codeOf(sender.send([record(topic, 'x'.repeat(2_000))]))).toBe('delivery_unknown');
    await eventually(() => states.includes('failed'));
    expect(await codeOf(sender.send([record(topic, 'meanwhile')]))).toBe('producer_fatal');
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
    expect(await underWay).toBe('delivery_unknown');

    await eventually(
      () => sender.state,
      (s) => s === 'ready',
    );
    await sender.send([record(topic, 'after')]);
    expect((await readAll(topic)).map((r) => r.value?.toString())).toEqual(['before', 'after']);
    expect(states).toEqual(['connecting', 'ready', 'failed', 'ready']);
  });
});

/** org.apache.kafka.common.utils.Utils.murmur2 and the default partitioner, for keys of ASCII. */
function javaPartition(key: string, partitions: number): number {
  const data = Buffer.from(key);
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const whole = data.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(data.readInt32LE(i), m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  for (let i = data.length - 1; i >= whole; i -= 1) h ^= (data[i] ?? 0) << (8 * (i - whole));
  if (whole < data.length) h = Math.imul(h, m);
  h = Math.imul(h ^ (h >>> 13), m);
  return ((h ^ (h >>> 15)) & 0x7fffffff) % partitions;
}
