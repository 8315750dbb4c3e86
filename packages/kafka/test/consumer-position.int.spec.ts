import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '@weir/testing';

import type { ConsumedRecord, TopicPartitionOffset } from '../src/index.js';
import { numbered, Outside, signal, Started, values } from './kafka-fixture.js';

const outside = new Outside();
const started = new Started();

beforeAll(() => outside.connect());
afterAll(() => outside.close());
afterEach(() => started.stop());

/** A topic of one partition with records 0 to 99, and a group that has committed `committed` of them. */
async function arrange(committed?: number): Promise<{ topic: string; groupId: string }> {
  const [topic, groupId] = [await outside.topic(), uniqueName('group')];
  await outside.send(topic, 0, numbered(0, 100));
  if (committed !== undefined) await outside.commit(groupId, topic, 0, committed);
  return { topic, groupId };
}

describe('BatchConsumer, where it begins', () => {
  it.each([
    { committed: 60, line: 40, begins: 40, why: 'the store lost a commit' },
    { committed: 40, line: 60, begins: 40, why: 'the offset was not committed yet' },
    { committed: 60, line: undefined, begins: 60, why: 'the store has no line' },
    { committed: undefined, line: 30, begins: 30, why: 'the group has no offset' },
    { committed: undefined, line: undefined, begins: 0, why: 'neither knows' },
  ])('is $begins where the group has $committed and the store $line: $why', async ({ committed, line, begins }) => {
    const { topic, groupId } = await arrange(committed);
    const { handled } = started.start({
      topics: [topic],
      groupId,
      startOffsets: (partitions) =>
        Promise.resolve(line === undefined ? [] : partitions.map((partition) => ({ ...partition, offset: line }))),
    });
    await eventually(
      () => handled.at(-1)?.offset,
      (last) => last === 99,
    );
    expect(values(handled)).toEqual(numbered(begins, 100));
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 100,
    );
  });

  it('waits for the store without reading anything, says why, keeps its membership, and begins once the store answers', async () => {
    const { topic, groupId } = await arrange(50);
    let tries = 0;
    let away = true;
    const { consumer, handled } = started.start({
      topics: [topic],
      groupId,
      startOffsets: (partitions): Promise<TopicPartitionOffset[]> => {
        tries += 1;
        if (away) return Promise.reject(new Error('connection refused'));
        return Promise.resolve(partitions.map((partition) => ({ ...partition, offset: 20 })));
      },
    });
    await eventually(
      () => tries,
      (n) => n > 3,
    );
    expect(consumer.state).toMatchObject({ status: 'waiting', reason: 'unknown', assigned: 1 });
    expect(await outside.members(groupId)).toBe(1);
    expect(handled).toEqual([]);
    away = false;
    await eventually(
      () => handled.at(-1)?.offset,
      (last) => last === 99,
    );
    expect(values(handled)).toEqual(numbered(20, 100));
    expect(consumer.state.status).toBe('running');
  });
});

describe('BatchConsumer, told to pause or seek', () => {
  it('delivers nothing of a paused partition until it is resumed, and then all of it in order', async () => {
    const topic = await outside.topic(2);
    const { consumer, handled } = started.start({ topics: [topic] });
    await eventually(
      () => consumer.assignment.length,
      (n) => n === 2,
    );
    consumer.pause([{ topic, partition: 0 }]);
    await outside.send(topic, 0, numbered(0, 50));
    await outside.send(topic, 1, numbered(0, 50));
    await eventually(
      () => handled.length,
      (n) => n === 50,
    );
    expect(new Set(handled.map((record) => record.partition))).toEqual(new Set([1]));
    consumer.resume([{ topic, partition: 0 }]);
    await eventually(
      () => handled.length,
      (n) => n === 100,
    );
    expect(values(handled.slice(50))).toEqual(numbered(0, 50));
  });

  it('stays paused as a whole when records come, says so, and goes on where it was', async () => {
    const { topic, groupId } = await arrange();
    const { consumer, handled } = started.start({ topics: [topic], groupId, maxRecords: 10 });
    await eventually(
      () => handled.length,
      (n) => n >= 10,
    );
    consumer.pause();
    expect(consumer.state).toMatchObject({ status: 'waiting', reason: 'paused' });
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === handled.length,
    );
    const before = handled.length;
    await outside.send(topic, 0, numbered(100, 110));
    consumer.resume();
    await eventually(
      () => handled.length,
      (n) => n === 110,
    );
    expect(values(handled)).toEqual(numbered(0, 110));
    expect(before).toBeLessThanOrEqual(110);
  });

  it('reads again from an offset, and does not commit what the batch in progress says for the time before', async () => {
    const { topic, groupId } = await arrange();
    const gate = signal();
    const batches: ConsumedRecord[][] = [];
    const { consumer } = started.start({
      topics: [topic],
      groupId,
      handler: async (batch) => {
        batches.push([...batch.records]);
        if (batches.length === 1) await gate.promise;
        else await new Promise(() => undefined);
      },
    });
    await eventually(
      () => batches.length,
      (n) => n === 1,
    );
    await consumer.seek([{ topic, partition: 0, offset: 10 }]);
    gate.give();
    await eventually(
      () => batches.length,
      (n) => n === 2,
    );
    expect(batches[1]?.[0]?.offset).toBe(10);
    expect(await outside.committed(groupId, topic)).toEqual([-1]);
  });

  it('goes on past what somebody else has settled, gives up the batch that is in the way, and commits where it goes on', async () => {
    const { topic, groupId } = await arrange();
    const gate = signal();
    const batches: ConsumedRecord[][] = [];
    const { consumer } = started.start({
      topics: [topic],
      groupId,
      handler: async (batch) => {
        batches.push([...batch.records]);
        if (batches.length === 1) await gate.promise;
      },
    });
    await eventually(
      () => batches.length,
      (n) => n === 1,
    );
    await consumer.advance([{ topic, partition: 0, offset: 100 }]);
    // Nothing follows: the offset is committed all the same, whatever the handler is still at.
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 100,
    );
    await consumer.advance([{ topic, partition: 0, offset: 50 }]); // it is as far already
    gate.give();
    await outside.send(topic, 0, ['100']);
    await eventually(
      () => batches.length,
      (n) => n === 2,
    );
    expect(values(batches[1] ?? [])).toEqual(['100']);
  });

  it('finds the beginning, the end and a time', async () => {
    const { topic } = await arrange();
    const { consumer, handled } = started.start({ topics: [topic] });
    await eventually(
      () => handled.length,
      (n) => n === 100,
    );
    expect(await consumer.watermarks()).toEqual([{ topic, partition: 0, low: 0, high: 100 }]);
    await consumer.seekTo('beginning');
    await eventually(
      () => handled.length,
      (n) => n === 200,
    );
    const betweenMs = Date.now() + 1;
    await eventually(
      () => Date.now(),
      (now) => now > betweenMs,
    );
    await outside.send(topic, 0, ['new']);
    await eventually(
      () => handled.length,
      (n) => n === 201,
    );
    await consumer.seekTo({ timeMs: betweenMs });
    await eventually(
      () => handled.length,
      (n) => n === 202,
    );
    expect(values(handled).slice(-2)).toEqual(['new', 'new']);
    consumer.pause();
    await outside.send(topic, 0, ['passed over']);
    await consumer.seekTo('end');
    consumer.resume();
    await outside.send(topic, 0, ['last']);
    await eventually(
      () => values(handled).at(-1),
      (last) => last === 'last',
    );
    expect(values(handled)).not.toContain('passed over');
    expect(consumer.position).toEqual([{ topic, partition: 0, offset: 103 }]);
  });
});
