import { describe, expect, it } from '@jest/globals';

import { EndHistory } from './end-history.js';

const T = 1_000_000;

describe('how long a reader has been behind', () => {
  it('is nothing at the end, and the time since the end was where the reader is', () => {
    const history = new EndHistory();
    for (let second = 0; second <= 60; second += 10) history.record(T + second * 1_000, second * 100);
    const now = T + 60_000;
    expect(history.secondsBehind(6_000, now)).toBe(0);
    expect(history.secondsBehind(3_000, now)).toBe(30);
    expect(history.secondsBehind(3_500, now)).toBe(25);
  });

  it('grows for a reader that stands still, whether the end moves on or not', () => {
    const history = new EndHistory();
    history.record(T, 10);
    for (let second = 10; second <= 600; second += 10) history.record(T + second * 1_000, 20);
    expect(history.secondsBehind(10, T + 600_000)).toBe(600);
    expect(history.secondsBehind(20, T + 600_000)).toBe(0);
  });

  it('is at least the time since the first look, for what lies before it', () => {
    const history = new EndHistory();
    history.record(T, 1_000);
    history.record(T + 50_000, 1_001);
    expect(history.secondsBehind(5, T + 50_000)).toBe(50);
  });

  it('begins anew with a topic that was made anew', () => {
    const history = new EndHistory();
    history.record(T, 1_000);
    history.record(T + 10_000, 3);
    expect(history.secondsBehind(0, T + 15_000)).toBe(5);
  });

  it('is told for days with little memory, and what is recent stays exact', () => {
    const history = new EndHistory();
    const days = 3 * 86_400;
    for (let second = 0; second <= days; second += 10) history.record(T + second * 1_000, second);
    const now = T + days * 1_000;
    expect(history.secondsBehind(days - 300, now)).toBeCloseTo(300, 5);
    expect(Math.abs(history.secondsBehind(86_400, now) - 2 * 86_400)).toBeLessThan(60);
  });
});
