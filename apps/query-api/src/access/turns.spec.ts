import { EventEmitter, once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { Turns } from './turns.js';

const refusal = { code: 'too_many_queries', retryable: true };

/** Work that ends when told to, and says when it began. */
function work(): { run: () => Promise<string>; end: () => void; readonly begun: boolean } {
  let begun = false;
  const told = new EventEmitter();
  const ended = once(told, 'end').then(() => 'done');
  return {
    run: () => {
      begun = true;
      return ended;
    },
    end: () => void told.emit('end'),
    get begun() {
      return begun;
    },
  };
}

const asker = (tenantId: string, signal = new AbortController().signal) => ({ tenantId, nowMs: 0, signal });
const turns = (options = {}) => new Turns({ running: 1, waiting: 1, waitMs: 10_000, ...options });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Turns', () => {
  it('lets one tenant run as many as it may, the next when one ends, and never makes another wait', async () => {
    const all = turns();
    const [first, second, others] = [work(), work(), work()];
    const one = all.take(asker('acme'), first.run);
    const two = all.take(asker('acme'), second.run);
    const other = all.take(asker('globex'), others.run);
    await settled();
    expect([first.begun, second.begun, others.begun]).toEqual([true, false, true]);
    first.end();
    expect(await one).toBe('done');
    await settled();
    expect(second.begun).toBe(true);
    second.end();
    others.end();
    expect(await Promise.all([two, other])).toEqual(['done', 'done']);
  });

  it('refuses at once where the line is full, and after a while whoever waits in it', async () => {
    const all = turns({ waitMs: 20 });
    const first = work();
    const one = all.take(asker('acme'), first.run);
    const waits = all.take(asker('acme'), work().run);
    await expect(all.take(asker('acme'), work().run)).rejects.toMatchObject(refusal);
    await expect(waits).rejects.toMatchObject(refusal);
    first.end();
    await one;
    const again = work();
    again.end();
    expect(await all.take(asker('acme'), again.run)).toBe('done');
  });

  it('keeps no place for a caller that went away while it waited', async () => {
    const all = turns();
    const first = work();
    const one = all.take(asker('acme'), first.run);
    const leaves = new AbortController();
    const gone = all.take(asker('acme', leaves.signal), work().run);
    leaves.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    const third = work();
    const three = all.take(asker('acme'), third.run);
    first.end();
    third.end();
    expect(await Promise.all([one, three])).toEqual(['done', 'done']);
  });

  it('gives the place back where the work fails', async () => {
    const all = turns({ waiting: 0 });
    for (let i = 0; i < 3; i += 1)
      await expect(all.take(asker('acme'), () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  });
});
