import type { Message } from '@confluentinc/kafka-javascript';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@weir/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ConsumedRecord } from '../../records.js';
import { Assignment } from './assignment.js';
import { FetchLoop } from './fetch-loop.js';
import { RecordBuffer } from './record-buffer.js';

const nothing = (): void => undefined;

/** A loop whose buffer is full from its first poll on; `polls` counts. */
function fullLoop(): { loop: FetchLoop; polls: () => number } {
  let count = 0;
  const assignment = new Assignment();
  const [owner] = assignment.add([{ topic: 't', partition: 0 }]);
  const buffer = new RecordBuffer();
  const message = { topic: 't', partition: 0, offset: 0, size: 0, value: null };
  const client = {
    consume: () => {
      count += 1;
      return Promise.resolve(count === 1 ? [message] : []);
    },
    pause: nothing,
    resume: nothing,
    seek: () => Promise.resolve(),
  };
  const hooks = { readable: () => owner !== undefined, fetched: nothing, polled: nothing, failed: nothing };
  return { loop: new FetchLoop(client, assignment, buffer, 1, hooks), polls: () => count };
}

describe('FetchLoop, given records of megabytes', () => {
  it.each([
    ['values', { value: Buffer.alloc(1_000_000) }],
    ['headers', { headers: Array.from({ length: 20_000 }, () => ({ h: Buffer.alloc(0) })) }],
  ])('takes few of them into memory, however many it may have, where it is their %s', async (_, parts) => {
    const assignment = new Assignment();
    assignment.add([{ topic: 't', partition: 0 }]);
    const buffer = new RecordBuffer();
    let offset = 0;
    const consume = (max: number): Promise<Message[]> => {
      const messages =
        max === 1 ? [] : [{ topic: 't', partition: 0, offset: offset++, size: 0, value: null, ...parts }];
      return Promise.resolve(messages);
    };
    const client = { consume, pause: nothing, resume: nothing, seek: () => Promise.resolve() };
    const hooks = { readable: () => true, fetched: nothing, polled: nothing, failed: nothing };
    const loop = new FetchLoop(client, assignment, buffer, 2_000, hooks);
    const running = loop.run();
    await eventually(() => buffer.bytes > 15_000_000);
    const since = performance.now();
    await eventually(() => performance.now() - since > 100);
    expect(buffer.size).toBeLessThan(25);
    expect(buffer.take(() => true)[0]?.records).toHaveLength(1);
    expect(buffer.bytes).toBe(0);
    await eventually(() => buffer.size > 0);
    loop.end();
    await running;
  });
});

const message = (partition: number, offset: number) => ({ topic: 't', partition, offset, size: 0, value: null });
const isSecond = ({ partition }: { readonly partition: number }): boolean => partition === 1;

describe('FetchLoop, given records of a partition that the client should have paused', () => {
  it.each([
    ['lets the client read them again, from the first on', true, [], ['paused', '0 to 5']],
    ['keeps them where the client cannot', false, [5, 6, 7], ['paused', '0 to 5', 'paused', '0 to 7']],
  ])('%s', async (_, seeks, kept, done) => {
    const assignment = new Assignment();
    assignment.add([
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ]);
    const buffer = new RecordBuffer();
    const said: string[] = [];
    const batches = [[message(0, 5), message(0, 6), message(1, 3), message(0, 7)]];
    const client = {
      consume: () => Promise.resolve(batches.shift() ?? []),
      pause: () => void said.push('paused'),
      resume: nothing,
      seek: ({ partition, offset }: { partition: number; offset: number }) => {
        said.push(`${partition} to ${offset}`);
        return seeks ? Promise.resolve() : Promise.reject(new Error('Local: Erroneous state'));
      },
    };
    const polled = (received: number): void => {
      if (received === 0) loop.end();
    };
    const told: ConsumedRecord[] = [];
    const fetched = (records: readonly ConsumedRecord[]): void => void told.push(...records);
    const loop = new FetchLoop(client, assignment, buffer, 100, {
      readable: isSecond,
      fetched,
      polled,
      failed: nothing,
    });
    await loop.run();
    expect(said).toEqual(['paused', ...done]); // the first is that which the client passed over
    const taken = buffer.take(() => true).map(({ owner, records }) => [owner.partition, records.map((r) => r.offset)]);
    const all = (partition: number) => taken.flatMap(([of, offsets]) => (of === partition ? offsets : []));
    expect([all(0), all(1)]).toEqual([kept, [3]]);
    const toldOf = (partition: number) => told.filter((one) => one.partition === partition).map(({ offset }) => offset);
    expect([toldOf(0), toldOf(1)]).toEqual([kept, [3]]);
  });
});

describe('FetchLoop, while it ends', () => {
  it('runs what comes in at any moment, be it the last', async () => {
    const client = {
      consume: () => Promise.resolve([]),
      pause: nothing,
      resume: nothing,
      seek: () => Promise.resolve(),
    };
    const hooks = { readable: () => true, fetched: nothing, polled: nothing, failed: nothing };
    const forgotten: number[] = [];
    for (let turns = 0; turns < 20; turns += 1) {
      const loop = new FetchLoop(client, new Assignment(), new RecordBuffer(), 10, hooks);
      const running = loop.run();
      loop.end();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      let ran = false;
      void loop.between(() => void (ran = true));
      await running;
      await nextTurn();
      if (!ran) forgotten.push(turns);
    }
    expect(forgotten).toEqual([]);
  });
});

describe('FetchLoop, asked to move positions', () => {
  it('does so only while no consume call is under way: what that returns has no place any more afterwards', async () => {
    const calls: ((messages: Message[]) => void)[] = [];
    const client = {
      consume: () =>
        calls.length > 0 ? Promise.resolve([]) : new Promise<Message[]>((resolve) => calls.push(resolve)),
      pause: nothing,
      resume: nothing,
      seek: () => Promise.resolve(),
    };
    const hooks = { readable: () => true, fetched: nothing, polled: nothing, failed: nothing };
    const loop = new FetchLoop(client, new Assignment(), new RecordBuffer(), 10, hooks);
    const running = loop.run();
    await eventually(() => calls.length === 1);
    const order: string[] = [];
    const moved = loop.between(() => order.push('moved'));
    await Promise.resolve();
    order.push('consumed');
    calls[0]?.([]);
    await moved;
    expect(order).toEqual(['consumed', 'moved']);
    loop.end();
    await running;
  });
});

describe('FetchLoop, with a full buffer', () => {
  /** Less than polling is put off, and more than an urgent poll waits for. */
  const A_WHILE_MS = 200;
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('puts polling off, except while anyone waits for what polling brings, also where several do', async () => {
    const { loop, polls } = fullLoop();
    const running = loop.run();
    await jest.advanceTimersByTimeAsync(A_WHILE_MS);
    expect(polls()).toBe(1);
    let [end, endOther] = [nothing, nothing];
    const revoked = loop.urgently(() => new Promise<void>((resolve) => (end = resolve)));
    const closed = loop.urgently(() => new Promise<void>((resolve) => (endOther = resolve)));
    await jest.advanceTimersByTimeAsync(0);
    expect(polls()).toBe(2);
    end();
    await revoked;
    await jest.advanceTimersByTimeAsync(A_WHILE_MS);
    expect(polls()).toBeGreaterThan(2);
    endOther();
    await closed;
    loop.end();
    await running;
  });

  it('is urgent no longer once what was waited for has failed', async () => {
    const { loop, polls } = fullLoop();
    const running = loop.run();
    await jest.advanceTimersByTimeAsync(0);
    await expect(loop.urgently(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    const before = polls();
    await jest.advanceTimersByTimeAsync(2 * A_WHILE_MS);
    expect(polls()).toBe(before);
    loop.end();
    await running;
  });
});
