import type { Message } from '@confluentinc/kafka-javascript';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

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
  };
  const hooks = { readable: () => owner !== undefined, polled: nothing, failed: nothing };
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
    const client = { consume, pause: nothing, resume: nothing };
    const hooks = { readable: () => true, polled: nothing, failed: nothing };
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

describe('FetchLoop, asked to move positions', () => {
  it('does so only while no consume call is under way: what that returns has no place any more afterwards', async () => {
    const calls: ((messages: Message[]) => void)[] = [];
    const client = {
      consume: () =>
        calls.length > 0 ? Promise.resolve([]) : new Promise<Message[]>((resolve) => calls.push(resolve)),
      pause: nothing,
      resume: nothing,
    };
    const hooks = { readable: () => true, polled: nothing, failed: nothing };
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
  it('puts polling off, except while anyone waits for what polling brings, also where several do', async () => {
    const { loop, polls } = fullLoop();
    const running = loop.run();
    await eventually(() => polls() === 1);
    let [end, endOther] = [nothing, nothing];
    const since = performance.now();
    const revoked = loop.urgently(() => new Promise<void>((resolve) => (end = resolve)));
    const closed = loop.urgently(() => new Promise<void>((resolve) => (endOther = resolve)));
    await eventually(() => polls() >= 2, Boolean, { intervalMs: 5 });
    end();
    await revoked;
    const after = polls();
    await eventually(() => polls() > after, Boolean, { intervalMs: 5 });
    expect(performance.now() - since).toBeLessThan(400);
    endOther();
    await closed;
    loop.end();
    await running;
  });

  it('is urgent no longer once what was waited for has failed', async () => {
    const { loop, polls } = fullLoop();
    const running = loop.run();
    await eventually(() => polls() === 1);
    await expect(loop.urgently(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    const before = polls();
    // Long enough for several urgent polls, and shorter than polling is put off.
    const since = performance.now();
    await eventually(() => performance.now() - since > 300);
    expect(polls() - before).toBeLessThanOrEqual(1);
    loop.end();
    await running;
  });
});
