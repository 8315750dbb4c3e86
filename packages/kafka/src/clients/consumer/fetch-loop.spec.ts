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
