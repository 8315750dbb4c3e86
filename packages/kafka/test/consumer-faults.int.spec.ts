import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '@weir/testing';
import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import type { BatchConsumer, ConsumedRecord, RecordBatch, Stall } from '../src/index.js';
import { type BrokerProxy, brokerProxy } from './clients.js';
import { inside, numbered, Outside, signal, Started, values } from './kafka-fixture.js';

const outside = new Outside();
const started = new Started();
let proxy: BrokerProxy;

beforeAll(async () => {
  await outside.connect();
  proxy = await brokerProxy();
});
afterAll(async () => {
  await proxy.close();
  await outside.close();
});
afterEach(() => started.stop());

describe('BatchConsumer, when something is slow or away', () => {
  it('keeps its membership while a handler runs longer than max.poll.interval.ms, and sees rebalances meanwhile', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 30));
    const attempts: number[] = [];
    let revocations = 0;
    const { groupId } = started.start({
      topics: [topic],
      maxRecords: 10,
      handler: async (batch) => {
        attempts.push(batch.attempt);
        if (attempts.length === 1) await wait(7_000);
      },
      observer: { revoked: () => (revocations += 1) },
    });
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 30,
      { timeoutMs: 60_000 },
    );
    expect(attempts.every((attempt) => attempt === 1)).toBe(true);
    expect(revocations).toBe(0);
  });

  it('commits nothing that a handler finishes after its partition was lost', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 10));
    const batches: RecordBatch[] = [];
    let lost = 0;
    const gate = signal();
    const { groupId } = started.start({
      topics: [topic],
      handler: async (batch) => {
        batches.push(batch);
        // The whole process stands still past max.poll.interval.ms, as in a long collection of garbage.
        // The client looks each half second whether it is: well past it.
        if (batches.length === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 9_000);
        else await gate.promise;
      },
      observer: { revoked: (_, wasLost) => (lost += Number(wasLost)) },
    });
    await eventually(
      () => batches.length,
      (n) => n === 2,
      { timeoutMs: 60_000 },
    );
    expect(lost).toBe(1);
    expect(values(batches[1]?.records ?? [])).toEqual(numbered(0, 10));
    expect(await outside.committed(groupId, topic)).toEqual([-1]);
    gate.give();
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 10,
    );
  });

  it('waits for a broker that is away at the start, and for one that goes away later; nothing is lost', async () => {
    const topic = await outside.topic();
    await proxy.cut();
    const { consumer, handled, groupId } = started.start({ topics: [topic], bootstrapServers: proxy.bootstrapServers });
    await eventually(
      () => consumer.state,
      (state) => state.status === 'waiting' && state.reason === 'kafka_unavailable',
    );
    await proxy.resume();
    await outside.send(topic, 0, numbered(0, 10));
    // Also committed: what is not comes again should the absence outlast the session.
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 10,
    );
    await eventually(() => consumer.state.status === 'running');
    await proxy.cut();
    await eventually(
      () => consumer.state,
      (state) => state.reason === 'kafka_unavailable',
    );
    await outside.send(topic, 0, numbered(10, 20));
    await proxy.resume();
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 20,
    );
    // What came before the absence was committed. What came after it comes twice where the session ran out meanwhile.
    expect(firstsOf(handled)).toEqual(numbered(0, 20));
    expect(values(handled.slice(0, 10))).toEqual(numbered(0, 10));
    await eventually(
      () => consumer.state.status,
      (status) => status === 'running',
    );
  });

  it('commits once the coordinator is back what was settled while it was away', async () => {
    const topic = await outside.topic();
    const gate = signal();
    const handled: ConsumedRecord[] = [];
    const { groupId } = started.start({
      topics: [topic],
      bootstrapServers: proxy.bootstrapServers,
      handler: async (batch) => {
        handled.push(...batch.records);
        await gate.promise;
      },
    });
    await outside.send(topic, 0, numbered(0, 10));
    await eventually(
      () => handled.length,
      (n) => n > 0,
    );
    await proxy.cut();
    gate.give();
    await wait(500);
    await proxy.resume();
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 10,
    );
    expect(firstsOf(handled)).toEqual(numbered(0, 10));
  });

  it('is built anew after an error that the client does not survive', async () => {
    const topic = await outside.topic();
    const { consumer, handled, groupId } = started.start({ topics: [topic] });
    await outside.send(topic, 0, ['before']);
    await eventually(
      () => outside.committed(groupId, topic),
      ([offset]) => offset === 1,
    );
    fail(consumer, { code: -150, message: 'fenced', isFatal: true });
    expect(consumer.state).toMatchObject({ status: 'failed', reason: 'kafka_consumer_fatal' });
    await outside.send(topic, 0, ['after']);
    await eventually(
      () => values(handled),
      (seen) => seen.at(-1) === 'after',
    );
    expect(values(handled)).toEqual(['before', 'after']);
    expect(consumer.state.status).toBe('running');
  });

  it('tells of a stall only where nothing is waited for', async () => {
    const topic = await outside.topic();
    const stalls: Stall[] = [];
    const { consumer } = started.start({
      topics: [topic],
      stallTimeoutMs: 4_000, // what is fetched reaches the handler much sooner
      handler: () => new Promise(() => undefined),
      observer: { stalled: (stall) => stalls.push(stall) },
    });
    await eventually(
      () => consumer.assignment.length,
      (n) => n === 1,
    );
    consumer.pause();
    await outside.send(topic, 0, numbered(0, 10));
    await wait(5_000);
    expect(stalls).toEqual([]);
    consumer.resume();
    await eventually(
      () => stalls.length,
      (n) => n === 1,
    );
    expect(stalls[0]?.kind).toBe('handler');
    expect(consumer.state).toMatchObject({ status: 'failed', reason: 'stalled' });
  });

  it('stops within its time although a handler hangs, and leaves the batch uncommitted', async () => {
    const topic = await outside.topic();
    const batches: RecordBatch[] = [];
    const { consumer, groupId } = started.start({
      topics: [topic],
      groupId: uniqueName('group'),
      handler: (batch) => {
        batches.push(batch);
        return new Promise(() => undefined);
      },
    });
    await outside.send(topic, 0, numbered(0, 10));
    await eventually(
      () => batches.length,
      (n) => n === 1,
    );
    const began = Date.now();
    await consumer.stop(300);
    expect(Date.now() - began).toBeLessThan(9_000); // after ten seconds the client would be given up
    expect(batches[0]?.signal.aborted).toBe(true);
    expect(consumer.state.status).toBe('stopped');
    expect(await outside.members(groupId)).toBe(0);
    expect(await outside.committed(groupId, topic)).toEqual([-1]);
  });
});

const firstsOf = (records: readonly ConsumedRecord[]): (string | null)[] => [...new Set(values(records))];

/** No broker can be made to send a fatal error on demand, so the native client is made to report one. */
function fail(consumer: BatchConsumer, error: object): void {
  const native = inside(consumer, 'session', 'client', 'consumer');
  if (native instanceof EventEmitter) native.emit('event.error', error);
}
