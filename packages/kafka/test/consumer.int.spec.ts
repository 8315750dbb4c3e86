import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '@weir/testing';

import type { ConsumedRecord } from '../src/index.js';
import { numbered, Outside, Started, values } from './kafka-fixture.js';

const outside = new Outside();
const started = new Started();

beforeAll(() => outside.connect());
afterAll(() => outside.close());
afterEach(() => started.stop());

describe('BatchConsumer', () => {
  it('hands over every record in offset order and commits past the last', async () => {
    const topic = await outside.topic(2);
    await outside.send(topic, 0, numbered(0, 1_000));
    await outside.send(topic, 1, numbered(0, 500));
    const { consumer, groupId, handled } = started.start({ topics: [topic], maxRecords: 300 });
    await eventually(
      () => handled.length,
      (n) => n >= 1_500,
    );
    await eventually(
      () => outside.committed(groupId, topic),
      ([a, b]) => a === 1_000 && b === 500,
    );
    for (const [partition, count] of [
      [0, 1_000],
      [1, 500],
    ] as const)
      expect(values(handled.filter((r) => r.partition === partition))).toEqual(numbered(0, count));
    expect(consumer.state).toMatchObject({ status: 'running', assigned: 2 });
  });

  it('keeps nulls, empty values and the time that the record has', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, [null, '', 'x']);
    const { handled } = started.start({ topics: [topic] });
    await eventually(
      () => handled.length,
      (n) => n === 3,
    );
    expect(values(handled)).toEqual([null, '', 'x']);
    expect(handled[0]?.key).toBeNull();
    expect(Math.abs(Date.now() - (handled[0]?.timestampMs ?? 0))).toBeLessThan(60_000);
  });

  it('keeps apart the topics and the headers of records that come in one call', async () => {
    const topics = [await outside.topic(), await outside.topic()];
    const send = (topic: string, from: number, to: number) =>
      outside.send(topic, 0, numbered(from, to), { headers: { topic, [`only in ${topic}`]: 'x' } });
    const handled: ConsumedRecord[] = [];
    let [fetched, least] = [0, 0];
    started.start({
      topics,
      maxRecords: 4,
      fetchMinBytes: 1_000_000,
      fetchWaitMs: 1_000,
      observer: { fetched: (records) => void (fetched += records.length) },
      handler: async ({ records }) => {
        await eventually(() => fetched >= least);
        handled.push(...records);
      },
    });
    for (const topic of topics) await send(topic, 0, 1);
    await eventually(() => handled.length === 2);
    // One answer brings both. Four are with the handler and four in the buffer, while the rest waits in the client.
    least = 10;
    for (const topic of topics) await send(topic, 1, 11);
    await eventually(() => handled.length >= 22);
    for (const topic of topics) {
      const headers = [
        { key: 'topic', value: Buffer.from(topic) },
        { key: `only in ${topic}`, value: Buffer.from('x') },
      ];
      const expected = numbered(0, 11).map((value) => expect.objectContaining({ headers, value: Buffer.from(value) }));
      expect(handled.filter((record) => record.topic === topic)).toEqual(expected);
    }
    expect(handled).toHaveLength(22);
  });

  it('fetches what came within a while at once, where it is told so', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, ['first']);
    const batches: number[] = [];
    started.start({
      topics: [topic],
      fetchMinBytes: 1_000_000,
      fetchWaitMs: 2_000,
      handler: ({ records }) => Promise.resolve(void batches.push(records.length)),
    });
    await eventually(() => batches.length === 1);
    const since = performance.now();
    for (const text of numbered(0, 20)) await outside.send(topic, 0, [text]);
    await eventually(() => batches.reduce((sum, count) => sum + count) === 21);
    const waits = Math.ceil((performance.now() - since) / 2_000); // more than one where sending took longer, or fell on its end
    expect(batches.length).toBeLessThanOrEqual(waits + 2);
  });

  it('tells of records as they are fetched, while the handler is still at the batch before theirs', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 50));
    const fetched: ConsumedRecord[] = [];
    const handed: ConsumedRecord[] = [];
    let held = true;
    started.start({
      topics: [topic],
      maxRecords: 10,
      observer: { fetched: (records) => void fetched.push(...records) },
      handler: async ({ records }) => {
        handed.push(...records);
        await eventually(() => !held);
      },
    });
    await eventually(() => fetched.length >= 20);
    expect(handed.length).toBeLessThanOrEqual(10);
    held = false;
    await eventually(() => handed.length === 50);
    expect(values(fetched)).toEqual(numbered(0, 50));
    expect(handed.every((record, at) => record === fetched[at])).toBe(true);
  });

  it('gives the same batch again after a rejection, drops nothing, reorders nothing, and commits only what resolved', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 100));
    const tries: { attempt: number; first: string | null; length: number }[] = [];
    const handled: ConsumedRecord[] = [];
    let broken = true;
    const { consumer, groupId } = started.start({
      topics: [topic],
      maxRecords: 40,
      handler: async (batch) => {
        tries.push({ attempt: batch.attempt, first: values(batch.records)[0] ?? null, length: batch.records.length });
        await Promise.resolve();
        if (broken && handled.length > 0) throw Object.assign(new Error('store is away'), { code: 'ECONNREFUSED' });
        handled.push(...batch.records);
      },
    });
    await eventually(
      () => tries.at(-1)?.attempt ?? 0,
      (attempt) => attempt >= 4,
    );
    const until = handled.length;
    expect(
      await eventually(
        () => outside.committed(groupId, topic),
        ([offset = -1]) => offset >= until,
      ),
    ).toEqual([until]);
    expect(consumer.state).toMatchObject({ status: 'waiting', reason: 'unknown' });
    broken = false;
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 100,
    );
    expect(values(handled)).toEqual(numbered(0, 100));
    expect(new Set(tries.filter((t) => t.first === String(until)).map((t) => t.length)).size).toBe(1);
    expect(consumer.state.status).toBe('running');
  });

  it('leaves no lag behind a transaction: the control record after it is committed too', async () => {
    const topic = await outside.topic();
    await outside.sendInTransaction(topic, 0, numbered(0, 10), true);
    const { groupId, handled } = started.start({ topics: [topic] });
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 11,
    );
    await outside.sendInTransaction(topic, 0, numbered(0, 10), false);
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 22,
    );
    expect(values(handled)).toEqual(numbered(0, 10));
  });

  it('waits for a topic that does not exist yet', async () => {
    const topic = uniqueName('later');
    const { consumer, handled } = started.start({ topics: [topic] });
    await eventually(
      () => consumer.state,
      (state) => state.reason === 'topic_missing',
    );
    await outside.topic(1, topic);
    await outside.send(topic, 0, ['a']);
    await eventually(
      () => values(handled),
      (v) => v.length === 1,
    );
    expect(consumer.state.status).toBe('running');
  });

  it('follows topics that match a pattern, also those that appear later', async () => {
    const prefix = uniqueName('pattern');
    const [first, second] = [`${prefix}.a`, `${prefix}.b`];
    await outside.topic(1, first);
    await outside.send(first, 0, ['1']);
    const { handled } = started.start({ topics: [new RegExp(`^${prefix}\\..*`)] });
    await eventually(
      () => values(handled),
      (v) => v.length === 1,
    );
    await outside.topic(1, second);
    await outside.send(second, 0, ['2']);
    await eventually(
      () => values(handled),
      (v) => v.length === 2,
    );
    expect(handled.map((r) => r.topic)).toEqual([first, second]);
  });
});
