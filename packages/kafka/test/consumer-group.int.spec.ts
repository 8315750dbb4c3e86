import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { engines, eventually, uniqueName } from '@weir/testing';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { BatchConsumer, ConsumedRecord, RecordBatch, TopicPartition, TopicPartitionOffset } from '../src/index.js';
import { inside, numbered, Outside, signal, Started, values } from './kafka-fixture.js';

const outside = new Outside();
const started = new Started();

beforeAll(() => outside.connect());
afterAll(() => outside.close());
afterEach(() => started.stop());

const of = (records: readonly ConsumedRecord[], partition: number): string[] =>
  values(records.filter((record) => record.partition === partition)).map(String);

const atZero = (at: TopicPartition): TopicPartitionOffset => ({ ...at, offset: 0 });

/** In the order of their first delivery. */
const firsts = (texts: readonly string[]): string[] => [...new Set(texts)];

describe('A group of BatchConsumers', () => {
  it('handles every record while members come and go and records flow, and loses none', async () => {
    const topic = await outside.topic(4);
    const groupId = uniqueName('group');
    const all: ConsumedRecord[] = [];
    const member = () =>
      started.start({
        topics: [topic],
        groupId,
        maxRecords: 50,
        handler: async (batch) => {
          await wait(3);
          all.push(...batch.records);
        },
      }).consumer;
    const first = member();
    await eventually(
      () => first.assignment.length,
      (n) => n === 4,
    );
    const flow = (async () => {
      for (let i = 0; i < 60; i += 1)
        for (let partition = 0; partition < 4; partition += 1)
          await outside.send(topic, partition, numbered(i * 10, i * 10 + 10));
    })();
    const second = member();
    await eventually(
      () => [first.assignment.length, second.assignment.length],
      ([a, b]) => a === 2 && b === 2,
    );
    const third = member();
    await eventually(
      () => third.assignment.length,
      (n) => n > 0,
    );
    await first.stop(5_000);
    await flow;
    await eventually(
      () => outside.committed(groupId, topic),
      (offsets) => offsets.length === 4 && offsets.every((o) => o === 600),
    );
    for (let partition = 0; partition < 4; partition += 1) expect(firsts(of(all, partition))).toEqual(numbered(0, 600));
    // Members that leave and give up in order make nobody do work twice.
    expect(all).toHaveLength(2_400);
  });

  it.each([
    {
      starts: 'the store says where',
      startOffsets: (all: readonly TopicPartition[]) => Promise.resolve(all.map(atZero)),
    },
    { starts: 'the group says where', startOffsets: undefined },
  ])('reads a partition that it gave up while it was paused, and has got back: $starts', async ({ startOffsets }) => {
    const topic = await outside.topic(2);
    const options = { topics: [topic], groupId: uniqueName('group'), ...(startOffsets && { startOffsets }) };
    const first = started.start(options);
    const assigned = (count: number): Promise<number> =>
      eventually(
        () => first.consumer.assignment.length,
        (n) => n === count,
      );
    await assigned(2);
    first.consumer.pause();
    for (const partition of [0, 1]) await outside.send(topic, partition, ['before']);
    const second = started.start({ ...options, handler: () => Promise.reject(new Error('takes nothing')) });
    await assigned(1);
    first.consumer.resume();
    await second.consumer.stop(5_000);
    await assigned(2);
    for (const partition of [0, 1]) await outside.send(topic, partition, ['after']);
    await eventually(
      () => first.handled.length,
      (n) => n === 4,
    );
    for (const partition of [0, 1]) expect(of(first.handled, partition)).toEqual(['before', 'after']);
  });

  it('finishes and commits the batch in progress before its partition goes to another member', async () => {
    const topic = await outside.topic(2);
    const groupId = uniqueName('group');
    // Its batch has records of either partition, so that whichever is to go has some in progress.
    const { gate, batches, consumer: first } = await busyWithBoth(topic, groupId);
    const second = started.start({ topics: [topic], groupId });
    await eventually(() => handsOver(first));
    await wait(700);
    expect(first.assignment).toHaveLength(2);
    gate.give();
    await eventually(
      () => second.consumer.assignment.length,
      (n) => n === 1,
    );
    await eventually(
      () => outside.committed(groupId, topic),
      ([a, b]) => a === 10 && b === 10,
    );
    expect(batches.map(({ records, attempt }) => [records.length, attempt])).toEqual([
      [1, 1],
      [19, 1],
    ]);
    expect(second.handled).toEqual([]);
  });

  it('commits and leaves when it is stopped in the middle of a hand-over, and nobody does its work again', async () => {
    const topic = await outside.topic(2);
    const groupId = uniqueName('group');
    const { gate, batches, consumer } = await busyWithBoth(topic, groupId);
    // The buffer behind the batch is full.
    await outside.send(topic, 0, numbered(10, 40));
    await outside.send(topic, 1, numbered(10, 40));
    await eventually(() => buffered(consumer) === 19);
    const second = started.start({ topics: [topic], groupId });
    await eventually(() => handsOver(consumer));
    const stopped = consumer.stop(20_000);
    gate.give();
    const since = performance.now();
    await stopped;
    expect(performance.now() - since).toBeLessThan(9_000); // after ten seconds it would be given up
    await eventually(
      () => outside.committed(groupId, topic),
      ([a, b]) => a === 40 && b === 40,
    );
    expect(batches.map((batch) => [batch.records.length, batch.signal.aborted])).toEqual([
      [1, false],
      [19, false],
    ]);
    expect(second.handled).toHaveLength(60);
  });

  it('asks a handler that takes too long to give up, hands its records to the successor, and keeps those of partitions that stay', async () => {
    const topic = await outside.topic(2);
    const groupId = uniqueName('group');
    const handled: ConsumedRecord[] = [];
    const { batches, consumer: first } = await busyWithBoth(topic, groupId, async (batch) => {
      if (batch.attempt === 1 && batch.records.length === 19) await aborted(batch.signal);
      handled.push(...batch.records);
    });
    const second = started.start({ topics: [topic], groupId });
    await eventually(
      () => outside.committed(groupId, topic),
      ([a, b]) => a === 10 && b === 10,
    );
    expect(batches[1]?.signal.aborted).toBe(true);
    const kept = first.assignment[0]?.partition ?? -1;
    expect(of(handled, kept)).toEqual(numbered(0, 10));
    expect(of(second.handled, 1 - kept).slice(-9)).toEqual(numbered(1, 10));
    expect(handled.length + second.handled.length).toBe(20);
  });

  it('commits nothing that waits behind the last batch when it is stopped, nor that batch where it fails', async () => {
    const topic = await outside.topic(2);
    const groupId = uniqueName('group');
    const { gate, consumer } = await busyWithBoth(topic, groupId, (batch) =>
      batch.records.length === 1 ? Promise.resolve() : Promise.reject(new Error('the store is away')),
    );
    gate.give();
    await outside.send(topic, 1, numbered(10, 20));
    await eventually(() => buffered(consumer) === 10);
    await consumer.stop(5_000);
    const [a = -1, b = -1] = await outside.committed(groupId, topic);
    expect([a, Math.max(b, 0)]).toEqual([1, 0]);
  });

  it('commits only what was handled when it is stopped while the buffer behind its batch is full', async () => {
    const topic = await outside.topic();
    const groupId = uniqueName('group');
    const gate = signal();
    const { consumer, handled } = await holding(topic, groupId, gate.promise);
    await outside.send(topic, 0, numbered(1, 10));
    await eventually(() => buffered(consumer) === 9);
    const stopped = consumer.stop(5_000);
    gate.give();
    await stopped;
    expect(handled).toHaveLength(1);
    expect(await outside.committed(groupId, topic)).toEqual([1]);
  });

  it('reads again what a killed member had not committed', async () => {
    const topic = await outside.topic();
    const groupId = uniqueName('group');
    // More than it settles by the time that it is killed, however late that is.
    const COUNT = 1_000;
    await outside.send(topic, 0, numbered(0, COUNT));
    const child = spawn(process.execPath, [
      '--conditions=@weir/source',
      '--import',
      import.meta.resolve('@weir/jest-preset/run-source'),
      fileURLToPath(new URL('member.child.ts', import.meta.url)),
      engines().kafka.bootstrapServers,
      groupId,
      topic,
      '300',
    ]);
    const seen = await killAfter(child, 3);
    // A commit that it sent before it died may reach the broker after it, for as long as it counts as a member.
    await eventually(
      () => outside.members(groupId),
      (n) => n === 0,
    );
    const settled = (await outside.committed(groupId, topic))[0] ?? -1;
    expect(settled).toBeLessThan(seen);
    const { handled } = started.start({ topics: [topic], groupId });
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === COUNT,
    );
    expect(values(handled)).toEqual(numbered(Math.max(settled, 0), COUNT));
  });
});

/**
 * A member whose second batch has records of both partitions: nine of the first and ten of the second. Its handler waits for the gate,
 * or does what is given.
 */
async function busyWithBoth(
  topic: string,
  groupId: string,
  handler?: (batch: RecordBatch) => Promise<void>,
): Promise<{ gate: ReturnType<typeof signal>; batches: RecordBatch[]; consumer: BatchConsumer }> {
  const [first, gate] = [signal(), signal()];
  const batches: RecordBatch[] = [];
  const { consumer } = started.start({
    topics: [topic],
    groupId,
    maxRecords: 19,
    ...(handler !== undefined && { revokeTimeoutMs: 500 }),
    handler: async (batch) => {
      const turn = batches.push(batch);
      if (turn === 1) await first.promise;
      if (handler !== undefined) await handler(batch);
      else if (turn === 2) await gate.promise;
    },
  });
  await eventually(() => consumer.assignment.length === 2);
  // While the handler is busy with the first record, the next batch comes together from both partitions.
  await outside.send(topic, 0, ['0']);
  await eventually(() => batches.length === 1);
  await outside.send(topic, 0, numbered(1, 10));
  await outside.send(topic, 1, numbered(0, 10));
  await eventually(() => buffered(consumer) === 19);
  first.give();
  await eventually(() => batches[1]?.records.length === 19);
  return { gate, batches, consumer };
}

/** A member that has one record in its handler, which waits for the gate. */
async function holding(
  topic: string,
  groupId: string,
  gate: Promise<void>,
): Promise<{ consumer: BatchConsumer; handled: ConsumedRecord[] }> {
  const handled: ConsumedRecord[] = [];
  let called = 0;
  const { consumer } = started.start({
    topics: [topic],
    groupId,
    handler: async (batch) => {
      called += 1;
      await gate;
      handled.push(...batch.records);
    },
  });
  await outside.send(topic, 0, ['0']);
  await eventually(() => called === 1);
  return { consumer, handled };
}

const buffered = (consumer: BatchConsumer): unknown => Reflect.get(inside(consumer, 'session', 'buffer'), 'size');

const iterable = (value: object): Iterable<unknown> => (Symbol.iterator in value ? (value as Iterable<unknown>) : []);
const isRevoking = (owner: unknown): boolean =>
  typeof owner === 'object' && owner !== null && Reflect.get(owner, 'revoking') === true;
/** Whether a partition of it is to go to another member. */
const handsOver = (consumer: BatchConsumer): boolean =>
  [...iterable(inside(consumer, 'session', 'assignment'))].some(isRevoking);

function aborted(signalled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signalled.addEventListener('abort', () => {
      reject(new Error('gave up'));
    });
  });
}

/** Kills it without a word once it has printed so many batches; answers how many records it had got. */
async function killAfter(child: ChildProcessWithoutNullStreams, lines: number): Promise<number> {
  let printed = '';
  let complaints = '';
  const closed = once(child, 'close');
  child.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    complaints += bytes.toString();
  });
  try {
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(complaints);
        return printed.split('\n').length - 1;
      },
      (n) => n >= lines,
    );
  } finally {
    child.kill('SIGKILL');
    await closed; // all that it printed is read, too
  }
  return printed.trim().split(/\s+/).length;
}
