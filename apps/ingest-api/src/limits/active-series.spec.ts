import { describe, expect, it } from '@jest/globals';
import { packed } from '@weir/testing';

import { ActiveSeries } from './active-series.js';

const WINDOW_MS = 60_000;
const START_MS = 1_800_000_000_000;

function counted() {
  const clock = { now: START_MS };
  return { clock, series: new ActiveSeries({ windowMs: WINDOW_MS, shared: null, clock: () => clock.now }) };
}
const keys = (...ranges: readonly (readonly [from: number, to: number])[]) =>
  packed(ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => `series-${from + n}`)));

describe('ActiveSeries', () => {
  it('refuses the samples that begin a series too many, and no other', () => {
    const { series } = counted();
    expect(series.refused('acme', 10, keys([0, 8]))).toBeNull();
    expect(series.refused('acme', 10, keys([5, 12], [0, 2], [10, 12]))).toEqual([5, 6, 9, 10]);
    expect(series.refused('acme', 10, keys([0, 10]))).toBeNull();
  });

  it('counts each tenant for itself', () => {
    const { series } = counted();
    expect(series.refused('acme', 10, keys([0, 10]))).toBeNull();
    expect(series.refused('globex', 10, keys([0, 10]))).toBeNull();
    expect(series.counts()).toEqual([
      { tenantId: 'acme', series: 10, maxActive: 10 },
      { tenantId: 'globex', series: 10, maxActive: 10 },
    ]);
  });

  it('makes room for others once nothing came of a series for the window', () => {
    const { series, clock } = counted();
    expect(series.refused('acme', 10, keys([0, 10]))).toBeNull();
    clock.now += WINDOW_MS / 2;
    expect(series.refused('acme', 10, keys([0, 5]))).toBeNull();
    clock.now += WINDOW_MS / 2 + 1_000;
    expect(series.refused('acme', 10, keys([10, 16]))).toEqual([5]);
    expect(series.refused('acme', 10, keys([0, 5]))).toBeNull();
  });

  it('keeps what is active when the limit is lowered', () => {
    const { series } = counted();
    expect(series.refused('acme', 10, keys([0, 10]))).toBeNull();
    expect(series.refused('acme', 3, keys([0, 11]))).toEqual([10]);
  });

  it('goes through its table for old series only every ten seconds, however many knock', () => {
    const { series, clock } = counted();
    expect(series.refused('acme', 5, keys([0, 5]))).toBeNull();
    clock.now += WINDOW_MS - 1_000;
    expect(series.refused('acme', 5, keys([5, 6]))).toEqual([0]);
    clock.now += 2_000;
    expect(series.refused('acme', 5, keys([5, 6]))).toEqual([0]);
    clock.now += 10_000;
    expect(series.refused('acme', 5, keys([5, 6]))).toBeNull();
  });
});
