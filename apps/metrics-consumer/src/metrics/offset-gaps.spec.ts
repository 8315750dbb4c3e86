import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '@weir/kafka';

import { gapsIn, spansOf } from './offset-gaps.js';

const records = (partition: number, ...offsets: number[]): ConsumedRecord[] =>
  offsets.map((offset) => ({ topic: 't', partition, offset, timestampMs: 0, key: null, value: null, headers: [] }));

describe('spansOf', () => {
  it('tells what a batch spans in each partition, with its gaps', () => {
    expect(spansOf([...records(0, 4, 5, 9), ...records(2, 7)])).toEqual([
      { topic: 't', partition: 0, from: 4, to: 10 },
      { topic: 't', partition: 2, from: 7, to: 8 },
    ]);
  });
});

describe('gapsIn', () => {
  it('finds what is missing before the first record and between records', () => {
    expect(gapsIn(records(0, 4, 5, 9), 2)).toEqual([
      { topic: 't', partition: 0, from: 2, to: 4 },
      { topic: 't', partition: 0, from: 6, to: 9 },
    ]);
  });

  it('looks no more at what is settled', () => {
    expect(gapsIn(records(0, 4, 9, 10), 9)).toEqual([]);
    expect(gapsIn(records(0, 4, 9, 12), 7)).toEqual([
      { topic: 't', partition: 0, from: 7, to: 9 },
      { topic: 't', partition: 0, from: 10, to: 12 },
    ]);
    expect(gapsIn(records(0, 4, 5), 20)).toEqual([]);
  });
});
