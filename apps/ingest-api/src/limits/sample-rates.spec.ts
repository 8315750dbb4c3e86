import { describe, expect, it } from '@jest/globals';

import { SampleRates } from './sample-rates.js';

const RATE = { perSecond: 100, burst: 1_000 };
const READ_EVERY_MS = 4_000;

function counted() {
  const clock = { now: 0 };
  const rates = new SampleRates(null, () => clock.now);
  /** As a scrape reads it, so much later. */
  const usageAfter = (ms: number): readonly (readonly [string, number])[] => {
    clock.now += ms;
    return rates.usage();
  };
  return { rates, usageAfter };
}

describe('how much of its rate a tenant uses', () => {
  it('is what was let through in the time since it was read last, of what could have been', () => {
    const { rates, usageAfter } = counted();
    expect(rates.take('acme', RATE, 200)).toBe(0);
    expect(rates.take('globex', { ...RATE, perSecond: 1_000 }, 200)).toBe(0);
    expect(usageAfter(READ_EVERY_MS)).toEqual([
      ['acme', 0.5],
      ['globex', 0.05],
    ]);
    expect(rates.take('acme', RATE, 600)).toBe(0);
    expect(usageAfter(2 * READ_EVERY_MS)).toEqual([
      ['acme', 0.75],
      ['globex', 0],
    ]);
    expect(usageAfter(READ_EVERY_MS)).toEqual([
      ['acme', 0],
      ['globex', 0],
    ]);
  });

  it('stays what it was for whoever reads too soon, and nothing of that time is left out of the next', () => {
    const { rates, usageAfter } = counted();
    expect(rates.take('acme', RATE, 400)).toBe(0);
    expect(usageAfter(READ_EVERY_MS)).toEqual([['acme', 1]]);
    expect(rates.take('acme', RATE, 200)).toBe(0);
    expect(usageAfter(READ_EVERY_MS - 1)).toEqual([['acme', 1]]);
    expect(usageAfter(1)).toEqual([['acme', 0.5]]);
  });

  it('is more than 1 for a burst, and counts nothing that was refused', () => {
    const { rates, usageAfter } = counted();
    expect(rates.take('acme', RATE, 1_000)).toBe(0);
    expect(rates.take('acme', RATE, 1_000)).toBeGreaterThan(0);
    expect(usageAfter(READ_EVERY_MS)).toEqual([['acme', 2.5]]);
  });

  it('counts nothing that was given back, and is never below 0 for what had been told of before', () => {
    const { rates, usageAfter } = counted();
    expect(rates.take('acme', RATE, 400)).toBe(0);
    rates.giveBack('acme', RATE, 200);
    expect(usageAfter(READ_EVERY_MS)).toEqual([['acme', 0.5]]);
    rates.giveBack('acme', RATE, 200);
    expect(usageAfter(READ_EVERY_MS)).toEqual([['acme', 0]]);
    expect(rates.take('acme', RATE, 200)).toBe(0);
    expect(usageAfter(READ_EVERY_MS)).toEqual([['acme', 0.5]]);
  });

  it('is measured by the limit as it is now', () => {
    const { rates, usageAfter } = counted();
    expect(rates.take('acme', RATE, 200)).toBe(0);
    expect(rates.waitMs('acme', { ...RATE, perSecond: 50 })).toBe(0);
    expect(usageAfter(READ_EVERY_MS)).toEqual([['acme', 1]]);
  });
});
