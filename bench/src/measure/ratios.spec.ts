import { describe, expect, it } from '@jest/globals';

import { percentilesOf, ratiosOf, spreadOf } from './ratios.js';

describe('the spread of measurements', () => {
  it('is the smallest, the middle and the largest', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 });
  });

  it('has its median between the middle two of an even number', () => {
    expect(spreadOf([4, 1, 2, 10])).toEqual({ min: 1, median: 3, max: 10 });
  });

  it('is none of nothing', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});

describe('percentiles', () => {
  it('are values that were measured, half and nearly all of them no larger', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentilesOf(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 });
    expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
  });

  it('are none of nothing', () => {
    expect(() => percentilesOf([])).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('are those of each pair, in order', () => {
    expect(ratiosOf([1, 6], [2, 3])).toEqual([0.5, 2]);
  });

  it('are none where a pair lacks one', () => {
    expect(() => ratiosOf([1], [1, 2])).toThrow(RangeError);
  });
});
