import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '@weir/kafka';

import { ReadAhead } from './read-ahead.js';

const letter = (offset: number, bytes: number): ConsumedRecord => ({
  topic: 'metrics.dlq',
  partition: 0,
  offset,
  timestampMs: 0,
  key: null,
  value: Buffer.alloc(bytes),
  headers: [],
});

describe('ReadAhead', () => {
  it('wants nothing before it knows how large letters are, and then as many as fit into 4 MiB', () => {
    const ahead = new ReadAhead();
    expect(ahead.offsets).toBe(0);
    ahead.clear();
    ahead.saw(letter(0, 1024 * 1024), false);
    ahead.saw(letter(1, 10), false);
    expect(ahead.offsets).toBe(4);
    ahead.clear();
    ahead.saw(letter(2, 100), false);
    expect(ahead.offsets).toBe(2_000);
  });

  it('hands out each letter once, and none that was asked for as it was read', () => {
    const ahead = new ReadAhead();
    ahead.saw(letter(0, 1), false);
    ahead.saw(letter(1, 1), true);
    expect([0, 1, 1, 2].map((offset) => ahead.take(offset)?.offset)).toEqual([undefined, 1, undefined, undefined]);
  });

  it('keeps no more than 4 MiB, and says so', () => {
    const ahead = new ReadAhead();
    for (let offset = 0; offset < 5; offset += 1) ahead.saw(letter(offset, 1_500_000), true);
    expect([0, 1, 2, 3, 4].filter((offset) => ahead.take(offset) !== undefined)).toEqual([0, 1]);
    expect(ahead.full).toBe(true);
    ahead.clear();
    expect(ahead.full).toBe(false);
  });
});
