import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { SharedRoom } from './shared-room.js';

const CAPACITY = 1000;
const tenantOf = (holder: number) => `tenant-${holder % 3}`;

/** Takes ones for a tenant until it gets no more; says how many it got, and why no more. */
function takeAll(room: SharedRoom, tenant: string, share: number) {
  for (let got = 0; ; got += 1) {
    const answer = room.resize(tenant, share, 0, 1);
    if (answer !== 'held') return { got, answer };
  }
}

describe('SharedRoom', () => {
  it.each([
    [0.25, 250],
    [0.5, 500],
    [0.75, 750],
  ])('gives a tenant that is alone its share of %d and no more', (share, expected) => {
    expect(takeAll(new SharedRoom(CAPACITY), 'a', share)).toEqual({ got: expected, answer: 'over_share' });
  });

  it('gives a tenant with a share of 1 all of it', () => {
    expect(takeAll(new SharedRoom(CAPACITY), 'a', 1)).toEqual({ got: CAPACITY, answer: 'full' });
  });

  it('keeps room for one who comes new, also after several that took all they got and let nothing go', () => {
    const room = new SharedRoom(CAPACITY);
    for (const greedy of ['a', 'b', 'c']) takeAll(room, greedy, 0.75);
    expect(takeAll(room, 'new', 0.75).got).toBeGreaterThan(0);
  });

  it('gives several that take in turns the same each', () => {
    const room = new SharedRoom(CAPACITY);
    const got = new Map<string, number>();
    for (let round = 0; round < CAPACITY; round += 1)
      for (const tenant of ['a', 'b', 'c'])
        if (room.resize(tenant, 0.75, 0, 1) === 'held') got.set(tenant, (got.get(tenant) ?? 0) + 1);
    expect([...got.values()]).toEqual([300, 300, 300]);
  });

  it('lets a flood grow no more once somebody else came, and gives what it lets go to the other', () => {
    const room = new SharedRoom(CAPACITY);
    takeAll(room, 'flood', 0.75);
    takeAll(room, 'other', 0.75);
    room.resize('flood', 0.75, 1, 0);
    expect(room.resize('flood', 0.75, 0, 1)).toBe('over_share');
    expect(room.resize('other', 0.75, 0, 1)).toBe('held');
  });

  it('never forbids a single request for a small share', () => {
    const room = new SharedRoom(CAPACITY);
    expect(room.resize('a', 0.01, 0, 900)).toBe('held');
    expect(room.resize('a', 0.01, 900, 950)).toBe('held');
    expect(room.resize('a', 0.01, 0, 1)).toBe('over_share');
  });

  it('never holds more than there is, and holds nothing once all is given back', () => {
    const step = fc.record({ holder: fc.nat(9), share: fc.constantFrom(0.1, 0.5, 0.75, 1), to: fc.nat(600) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const room = new SharedRoom(CAPACITY);
        const held = new Map<number, number>();
        for (const { holder, share, to } of steps) {
          const from = held.get(holder) ?? 0;
          const answer = room.resize(tenantOf(holder), share, from, to);
          expect(to > from || answer === 'held').toBe(true);
          if (answer === 'held') held.set(holder, to);
          expect(room.taken).toBe([...held.values()].reduce((sum, each) => sum + each, 0));
          expect(room.taken).toBeLessThanOrEqual(CAPACITY);
        }
        for (const [holder, from] of held) room.resize(tenantOf(holder), 0.5, from, 0);
        expect(room.taken).toBe(0);
        expect(takeAll(room, 'tenant-0', 0.75).got).toBe(750); // nothing is remembered of anybody
      }),
    );
  });
});
