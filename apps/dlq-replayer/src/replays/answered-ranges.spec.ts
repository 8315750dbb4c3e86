import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { AnsweredRanges } from './answered-ranges.js';

const range = fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

describe('AnsweredRanges', () => {
  it('misses exactly the records that no range covers, in whatever order and however often ranges come', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), fc.integer({ min: 1, max: 30 }), (ranges, records) => {
        const answered = new AnsweredRanges();
        for (const each of ranges) answered.add('r', 1, each);
        const covered = (index: number): boolean => ranges.some(({ from, to }) => index >= from && index < to);
        const missing = answered.missing('r', 1, records);
        const indices = missing.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
        expect(indices).toEqual(Array.from({ length: records }, (_, i) => i).filter((index) => !covered(index)));
        // Stretches, and not pieces of them: the last one carries the command's offset.
        for (const [i, { from }] of missing.entries()) expect(missing[i - 1]?.to).not.toBe(from);
      }),
    );
  });

  it('tells chunks and replays apart', () => {
    const answered = new AnsweredRanges();
    answered.add('r', 1, { from: 0, to: 5 });
    expect(answered.missing('r', 1, 5)).toEqual([]);
    expect(answered.missing('r', 2, 5)).toEqual([{ from: 0, to: 5 }]);
    expect(answered.missing('1/r', 1, 5)).toEqual([{ from: 0, to: 5 }]);
    expect(answered.size).toBe(1);
  });
});
