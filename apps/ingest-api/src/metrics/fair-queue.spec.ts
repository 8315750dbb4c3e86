import { setImmediate as nextTurn } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { FairQueue } from './fair-queue.js';

const LONG_MS = 60_000;

describe('FairQueue', () => {
  it('never lets more through than it holds, unless one alone is more, and all in the end', async () => {
    const step = fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), weight: fc.integer({ min: 1, max: 15 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const queue = new FairQueue(10, LONG_MS);
        let inside: number[] = [];
        const visits = steps.map(async ({ tenant, weight }) => {
          expect(await queue.enter(tenant, weight)).toBe(true);
          inside.push(weight);
          const sum = inside.reduce((total, each) => total + each, 0);
          expect(sum <= 10 || inside.length === 1).toBe(true);
          await nextTurn();
          inside = inside.toSpliced(inside.indexOf(weight), 1);
          queue.leave(weight);
        });
        await Promise.all(visits);
      }),
      { numRuns: 50 },
    );
  });

  it('lets a tenant that comes late wait for one request of a flood, and not for all of it', async () => {
    const queue = new FairQueue(1, LONG_MS);
    const order: string[] = [];
    const visit = async (tenant: string): Promise<void> => {
      await queue.enter(tenant, 1);
      order.push(tenant);
      await nextTurn();
      queue.leave(1);
    };
    await Promise.all([...Array.from({ length: 10 }, () => visit('flood')), visit('late'), visit('later')]);
    expect(order.slice(0, 4)).toEqual(['flood', 'flood', 'late', 'later']);
    expect(order).toHaveLength(12);
  });

  it('does not let light requests pass a heavy one that waits, or it would wait for ever', async () => {
    const queue = new FairQueue(10, LONG_MS);
    await queue.enter('a', 6);
    const order: string[] = [];
    const heavy = queue.enter('b', 10).then(() => order.push('heavy'));
    const light = queue.enter('c', 1).then(() => order.push('light'));
    queue.leave(6);
    await heavy;
    queue.leave(10);
    await light;
    expect(order).toEqual(['heavy', 'light']);
  });

  it('tells who waited too long, and goes on without it', async () => {
    const queue = new FairQueue(10, 20);
    await queue.enter('a', 6);
    const [heavy, light] = await Promise.all([queue.enter('b', 10), queue.enter('c', 1)]);
    expect({ heavy, light }).toEqual({ heavy: false, light: expect.any(Boolean) });
    queue.leave(6);
    if (light) queue.leave(1);
    expect(await queue.enter('d', 10)).toBe(true);
  });
});
