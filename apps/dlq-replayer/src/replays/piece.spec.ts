import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { PieceInTheMaking, PieceSize } from './piece.js';
import { refused, type Verdict } from './verdict.js';

const published = (bytes: number): Verdict => ({
  outcome: 'published',
  bytes,
  reason: null,
  record: { topic: 't', key: null, value: null },
});

describe('a piece of a chunk', () => {
  it('is the longest beginning of the stretch that fits, whatever the order in which verdicts come', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 20 });
    const order = fc.array(fc.double({ noNaN: true }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(sizes, order, fc.nat(10), (bytes, ranks, from) => {
        const making = new PieceInTheMaking({ from, to: from + bytes.length }, 100);
        const verdicts = bytes.map((size) => (size === 0 ? refused('topic') : published(size)));
        const arriving = [...verdicts.entries()]
          .map((entry, at) => ({ entry, rank: ranks[at] ?? 0 }))
          .toSorted((a, b) => a.rank - b.rank);
        for (const { entry } of arriving) making.add(from + entry[0], entry[1]);
        const piece = making.finish();
        const fitting = bytes.filter(
          (_, i) => bytes.slice(0, i + 1).reduce((sum, size) => sum + size, 0) <= 100,
        ).length;
        expect(piece.range).toEqual({ from, to: from + Math.max(1, fitting) });
        expect(piece.verdicts).toEqual(verdicts.slice(0, Math.max(1, fitting)));
      }),
    );
  });

  it('takes one record however large it is', () => {
    const making = new PieceInTheMaking({ from: 0, to: 2 }, 10);
    making.add(1, published(1));
    making.add(0, published(1_000));
    expect(making.finish()).toMatchObject({ range: { from: 0, to: 1 } });
  });
});

describe('the size of pieces', () => {
  it('is halved after each two that failed, down to one, and doubled after one that was committed', () => {
    const size = new PieceSize(500);
    const seen: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      size.failed(size.records);
      seen.push(size.records);
    }
    expect(seen.slice(0, 6)).toEqual([500, 250, 250, 125, 125, 63]);
    expect(seen.at(-1)).toBe(1);
    size.committed();
    size.committed();
    expect(size.records).toBe(4);
    size.reset();
    expect(size.records).toBe(500);
  });
});
