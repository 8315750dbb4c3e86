import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { KnownIds } from './known-ids.js';

const WORDS = [0, 1, 2, 3];
const digest = (n: number): Buffer => createHash('sha256').update(`${n}`).digest().subarray(0, 16);
const digests = (from: number, to: number): Buffer[] => Array.from({ length: to - from }, (_, n) => digest(from + n));
const idOf = (words: readonly number[]): Buffer => Buffer.from(Int32Array.from(words).buffer);

/** Of slots that are taken, one after the other: nobody outside can see them, and how long it takes to look is no figure for a test. */
function longestRow(known: KnownIds): number {
  const young: unknown = Reflect.get(known, 'young');
  const words: unknown = typeof young === 'object' && young !== null ? Reflect.get(young, 'words') : null;
  if (!(words instanceof Int32Array)) throw new Error('there are no slots');
  let [row, longest] = [0, 0];
  for (let at = 0; at < words.length; at += WORDS.length) {
    row = words.subarray(at, at + WORDS.length).some((word) => word !== 0) ? row + 1 : 0;
    longest = Math.max(longest, row);
  }
  return longest;
}

describe('KnownIds', () => {
  it('holds what a set would, and nothing else, until it is full', () => {
    // Few and small words, so that ids which differ in one of them alone are common.
    const id = fc.tuple(...WORDS.map(() => fc.integer({ min: 0, max: 4 }))).filter((words) => words.some(Boolean));
    const step = fc.oneof(
      { weight: 500, arbitrary: fc.record({ added: id, asked: id }) },
      { weight: 1, arbitrary: fc.constant('clear' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3_000, size: 'max' }), (steps) => {
        const known = new KnownIds(2 * 5 ** 4);
        const model = new Set<string>();
        const clear = (): void => [known, model].forEach((each) => each.clear());
        const has = ({ added, asked }: { added: number[]; asked: number[] }): boolean[] => {
          known.add(idOf(added));
          model.add(added.join());
          return [known.has(idOf(asked)), model.has(asked.join())];
        };
        const answers = steps.map((each) => (each === 'clear' ? clear() : has(each)));
        expect(answers.filter((answer) => answer !== undefined && answer[0] !== answer[1])).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('holds every id as it grows, and no other', () => {
    const known = new KnownIds(200_000);
    for (const id of digests(0, 100_000)) known.add(id);
    expect(digests(0, 100_000).every((id) => known.has(id))).toBe(true);
    expect(digests(100_000, 200_000).some((id) => known.has(id))).toBe(false);
  });

  it('never takes the id of zeros for known: a row too much does no harm, and one too few would', () => {
    const known = new KnownIds(10);
    const zeros = Buffer.alloc(16);
    known.add(digest(0));
    for (let i = 0; i < 100; i += 1) {
      expect(known.has(zeros)).toBe(false);
      known.add(zeros);
    }
    expect(known.has(digest(0))).toBe(true); // it takes no room either
  });

  it('keeps what is in use and forgets the rest, within its bound', () => {
    const known = new KnownIds(1_000);
    known.add(digest(0));
    for (const id of digests(1, 10_000)) {
      known.add(id);
      expect(known.has(digest(0))).toBe(true);
    }
    const held = digests(0, 10_000).filter((id) => known.has(id)).length;
    expect(held).toBeGreaterThanOrEqual(500);
    expect(held).toBeLessThanOrEqual(1_000);
  });

  it.each([1, 500, 501, 999, 1_000, 1_001, 4_321])('holds the last half of its capacity after %d', (count) => {
    const known = new KnownIds(1_000);
    for (const id of digests(0, count)) {
      known.add(id);
      known.add(id); // takes no room
    }
    expect(digests(Math.max(0, count - 500), count).every((id) => known.has(id))).toBe(true);
  });

  it.each(WORDS.flatMap((word) => [0, 16].map((bit) => [word, bit] as const)))(
    'has no long row of slots to look through where ids differ in word %d from bit %d on alone',
    (differing, bit) => {
      const COUNT = 40_000;
      const known = new KnownIds(2 * COUNT);
      for (let n = 1; n <= COUNT; n += 1) known.add(idOf(WORDS.map((word) => (word === differing ? n << bit : 7))));
      // Some hundreds by chance, and a large part of all ids where a word is left out.
      expect(longestRow(known)).toBeLessThan(COUNT / 10);
    },
  );
});
