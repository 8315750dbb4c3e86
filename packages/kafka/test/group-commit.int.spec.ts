import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '@weir/testing';
import { randomBytes } from 'node:crypto';

import { clientSettings } from '../src/clients/client-settings.js';
import { GroupCommit } from '../src/clients/producer/group-commit.js';
import { durableSettings } from '../src/clients/producer/native-producer.js';
import { PendingSend } from '../src/clients/producer/pending-send.js';
import type { OutgoingRecord, ProducerOptions, RecordProducer } from '../src/index.js';
import { type BrokerProxy, connectionTo, freshTopic, readAll } from './clients.js';
import { closeAll, codeOf, producer, proxy } from './producers.js';

const PARTITIONS = 12;
const LANES = 3;

afterEach(closeAll);

/** Connected, with every lane of its group. */
async function grouping(options: Partial<ProducerOptions> = {}, bootstrapServers?: string): Promise<RecordProducer> {
  const room = { maxQueuedRecords: 50_000, maxQueuedBytes: 50_000_000 };
  const made = await producer({ groupFrom: 10, ...room, ...options }, bootstrapServers);
  await eventually(() => made.state === 'ready' && made.lanes === LANES);
  return made;
}

/** So many records of one call: their values tell the call and the place in it. */
const call = (topic: string, name: string, count = 100): OutgoingRecord[] =>
  Array.from({ length: count }, (_, i) => ({ topic, key: `${name} ${i}`, value: Buffer.from(`${name} ${i}`) }));

const valuesIn = async (topic: string): Promise<string[]> =>
  (await readAll(topic, { partitions: PARTITIONS })).map(({ value }) => value?.toString() ?? '');

describe('RecordProducer, by group commit', () => {
  it('has every record of a call in the log when the call resolves, once each, however many are under way', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const delivered: number[] = [];
    const sender = await grouping({ observer: { delivered: (_topic, count) => delivered.push(count) } });
    const sent: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const calls = Array.from({ length: 40 }, (_, i) => call(topic, `${round}.${i}`, 10 + ((i * 37) % 200)));
      await Promise.all(calls.map((records) => sender.send(records)));
      sent.push(...calls.flat().map(({ value }) => value?.toString() ?? ''));
      expect((await valuesIn(topic)).toSorted()).toEqual(sent.toSorted());
    }
    expect(delivered.reduce((sum, count) => sum + count)).toBe(sent.length);
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
  });

  it('keeps the order of a key among calls of which each follows the answer of the one before', async () => {
    const topic = await freshTopic('group');
    const sender = await grouping();
    const oneKey = (round: number): OutgoingRecord[] =>
      call(topic, `${round}`.padStart(3, '0'), 10).map((record) => ({ ...record, key: 'k' }));
    for (let round = 0; round < 100; round += 1) await sender.send(oneKey(round));
    const read = (await readAll(topic)).map(({ value }) => value?.toString());
    expect(read).toEqual(
      Array.from({ length: 100 }, (_, round) => oneKey(round)).flatMap((records) =>
        records.map(({ value }) => value?.toString()),
      ),
    );
  });

  it.each([1, 1_000])(
    'never resolves a call with a record that was not acknowledged, though the reports of %i failures and the end of flush come by different ways',
    async (failures) => {
      const topic = await freshTopic('group', { partitions: PARTITIONS, config: { 'max.message.bytes': '2000' } });
      const sender = await grouping({ compression: 'none', batchBytes: 1_000 });
      const tooLarge = (name: string): OutgoingRecord[] =>
        Array.from({ length: Math.max(10, failures) }, (_, i) => ({
          topic,
          key: `${name} ${i}`,
          value: i < failures ? randomBytes(3_000) : Buffer.from(`${name} ${i}`),
        }));
      const acknowledged: string[] = [];
      for (let round = 0; round < (failures === 1 ? 60 : 4); round += 1) {
        const names = ['a', 'b', 'c'].map((which) => `${round}${which}`);
        const sends = names.map((name) => ({ name, code: codeOf(sender.send(call(topic, name))) }));
        const bad = codeOf(sender.send(tooLarge(`${round}x`)));
        expect(await bad).toBe('delivery_unknown');
        for (const { name, code } of sends) if ((await code) === 'delivered') acknowledged.push(name);
        // What comes after a group that failed owes nothing to it.
        expect(await codeOf(sender.send(call(topic, `${round}y`)))).toBe('delivered');
        acknowledged.push(`${round}y`);
      }
      const there = new Set(await valuesIn(topic));
      for (const name of acknowledged)
        for (const { value } of call(topic, name)) expect(there).toContain(value?.toString());
    },
  );

  it('counts no failure to the group that comes next, though the reports come a hundred at a time', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const sender = await grouping({ deliveryTimeoutMs: 5_000 });
    expect(await codeOf(sender.send(call(uniqueName('missing'), 'all fail at once', 2_000)))).toBe('delivery_unknown');
    expect(await codeOf(sender.send(call(topic, 'next')))).toBe('delivered');
  });

  it('does not acknowledge a call of which the client took a part', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const sender = await grouping({ settings: { 'queue.buffering.max.messages': 50 } });
    const records = call(topic, 'cut short');
    expect(await codeOf(sender.send(records))).toBe('delivery_unknown');
    expect((await valuesIn(topic)).toSorted()).toEqual(
      records
        .slice(0, 50)
        .map(({ value }) => String(value))
        .toSorted(),
    );
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
    expect(await codeOf(sender.send(call(topic, 'after', 40)))).toBe('delivered');
  });

  it('gives each record of a group its own partition, time and headers where it has some', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const sender = await grouping();
    const headers = [{ key: 'h', value: Buffer.from('v') }];
    const own = [{ partition: 3 }, { timestampMs: 1_795_000_000_000 }, { headers }, {}];
    const records = call(topic, 'own', 40).map((record, i) => ({ ...record, ...own[i % own.length] }));
    for (const [at] of own.entries()) await sender.send(records.filter((_, i) => i % own.length === at));
    await sender.send(records);
    const read = await readAll(topic, { partitions: PARTITIONS });
    expect(read).toHaveLength(80);
    const expected = new Map(records.map((record) => [String(record.value), record]));
    for (const { value, partition, timestampMs, headers: found } of read) {
      const sent = expected.get(String(value));
      expect(found).toEqual(sent?.headers ?? []);
      expect(partition).toBe(sent?.partition ?? partition);
      expect(timestampMs).toBe(sent?.timestampMs ?? timestampMs);
    }
  });

  it('leaves calls that are small or of several topics to themselves: one that cannot be delivered holds up no group', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const missing = uniqueName('missing');
    const sender = await grouping({ deliveryTimeoutMs: 8_000 });
    const since = performance.now();
    const small = codeOf(sender.send(call(missing, 'small', 9)));
    const mixed = codeOf(sender.send([...call(missing, 'mixed', 10), ...call(topic, 'mixed too', 10)]));
    for (let round = 0; round < 5; round += 1) await sender.send(call(topic, `grouped ${round}`));
    expect(performance.now() - since).toBeLessThan(7_500);
    expect([await small, await mixed]).toEqual(['delivery_unknown', 'delivery_unknown']);
  });

  it('gives back nothing that has its turn in time, however long the line is', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const givenBackAfterMs: number[] = [];
    const counted = { acknowledged: 0 };
    const group = new GroupCommit(
      10,
      () => ({
        ...clientSettings(connectionTo()),
        ...durableSettings({ compression: 'lz4', lingerMs: 1, deliveryTimeoutMs: 10_000 }),
      }),
      {
        produce: (client, { records }) => records.every((record) => client.produce(record, undefined) === null),
        settled: (sends) => {
          counted.acknowledged += sends.length;
          for (const { resolve } of sends) resolve();
        },
        failed: () => undefined,
        overdue: ({ startedAt, resolve }) => {
          givenBackAfterMs.push(performance.now() - startedAt);
          resolve();
        },
      },
    );
    group.start();
    await eventually(() => group.connected === LANES);
    const until = performance.now() + 1_500;
    const records = call(topic, 'in line', 200);
    const one = async (): Promise<void> => {
      while (performance.now() < until || counted.acknowledged < 100)
        await new Promise<void>((resolve, reject) => {
          const send = new PendingSend(records, records.length, 0, performance.now(), resolve, reject);
          if (!group.add(send)) setImmediate(resolve);
        });
    };
    await Promise.all(Array.from({ length: 50 }, one)); // of which the lanes hold thirty
    await group.close();
    expect(counted.acknowledged).toBeGreaterThanOrEqual(100);
    expect(givenBackAfterMs.filter((waited) => waited < 499)).toEqual([]);
  });

  it('finishes what is under way when it is closed, and takes no more', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const sender = await grouping();
    const sent = Array.from({ length: 50 }, (_, i) => codeOf(sender.send(call(topic, `${i}`))));
    const closed = sender.close(30_000);
    expect(await codeOf(sender.send(call(topic, 'too late')))).toBe('kafka_unavailable');
    expect(new Set(await Promise.all(sent))).toEqual(new Set(['delivered']));
    await closed;
    expect(await valuesIn(topic)).toHaveLength(5_000);
  });
});

describe('RecordProducer, by group commit, when the broker is away', () => {
  it('delivers across a short absence without the caller noticing', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const { broker, sender } = await proxied({});
    await sender.send(call(topic, 'before'));
    await broker.cut();
    const sent = Array.from({ length: 10 }, (_, i) => sender.send(call(topic, `during ${i}`)));
    await broker.resume();
    await Promise.all(sent);
    expect(await valuesIn(topic)).toHaveLength(1_100);
  });

  it.each(['cut', 'stall'] as const)(
    'answers each call delivery_unknown soon after its own time-out when connections %s, and works again once they are back',
    async (how) => {
      const topic = await freshTopic('group', { partitions: PARTITIONS });
      const { broker, sender } = await proxied({ deliveryTimeoutMs: 4_000 });
      await sender.send(call(topic, 'before'));
      await broker[how]();
      const timed = async (name: string): Promise<void> => {
        const since = performance.now();
        expect(await codeOf(sender.send(call(topic, name)))).toBe('delivery_unknown');
        expect(performance.now() - since).toBeLessThan(7_900); // who waits for another's time-out first takes twice as long
      };
      // More than the lanes take at once, so that some wait for a lane that does not come free.
      await Promise.all(Array.from({ length: 100 }, (_, i) => timed(`first ${i}`)));
      await Promise.all(Array.from({ length: 100 }, (_, i) => timed(`second ${i}`)));
      expect(sender.queue).toEqual({ records: 0, bytes: 0 });

      await broker.resume();
      await eventually(async () => (await codeOf(sender.send(call(topic, uniqueName('after'))))) === 'delivered');
    },
  );

  it('rejects what remains as delivery_unknown when it is closed', async () => {
    const topic = await freshTopic('group', { partitions: PARTITIONS });
    const { broker, sender } = await proxied({ deliveryTimeoutMs: 60_000 });
    await sender.send(call(topic, 'before'));
    await broker.cut();
    const sent = Array.from({ length: 30 }, (_, i) => codeOf(sender.send(call(topic, `during ${i}`))));
    const since = performance.now();
    await sender.close(300);
    expect(new Set(await Promise.all(sent))).toEqual(new Set(['delivery_unknown']));
    expect(performance.now() - since).toBeLessThan(15_000);
  });
});

async function proxied(options: Partial<ProducerOptions>): Promise<{ broker: BrokerProxy; sender: RecordProducer }> {
  const broker = await proxy();
  return { broker, sender: await grouping(options, broker.bootstrapServers) };
}
