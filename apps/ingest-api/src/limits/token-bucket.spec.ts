import { describe, expect, it } from '@jest/globals';

import { TokenBucket } from './token-bucket.js';

const RATE = { perSecond: 100, burst: 50 };

describe('TokenBucket', () => {
  it('lets a burst through at once and then the rate, however it is asked for', () => {
    const bucket = new TokenBucket(RATE, 0);
    let taken = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 7) while (bucket.take(1, nowMs) === 0) taken += 1;
    expect(taken).toBeGreaterThanOrEqual(1_049);
    expect(taken).toBeLessThanOrEqual(1_050);
  });

  it('tells exactly how long to wait', () => {
    const bucket = new TokenBucket(RATE, 0);
    expect(bucket.take(50, 0)).toBe(0);
    expect(bucket.take(30, 0)).toBe(300);
    expect(bucket.take(30, 299)).toBeGreaterThan(0);
    expect(bucket.take(30, 300)).toBe(0);
  });

  it('lets what is larger than the burst through a full bucket, which then owes the rest', () => {
    const bucket = new TokenBucket(RATE, 0);
    expect(bucket.take(250, 0)).toBe(0);
    expect(bucket.waitMs(1, 0)).toBe(2_010);
    expect(bucket.waitMs(250, 0)).toBe(2_500);
  });

  it('follows a limit that changes, and forgets nothing that was used', () => {
    const bucket = new TokenBucket(RATE, 0);
    expect(bucket.take(250, 0)).toBe(0);
    bucket.follow({ perSecond: 1_000, burst: 10 }, 0);
    expect(bucket.waitMs(1, 0)).toBe(201);
  });

  it('takes back what was not used, and never more than it holds', () => {
    const bucket = new TokenBucket(RATE, 0);
    expect(bucket.take(50, 0)).toBe(0);
    bucket.giveBack(50);
    bucket.giveBack(50);
    expect(bucket.take(50, 0)).toBe(0);
    expect(bucket.take(50, 0)).toBe(500);
  });

  it('is not thrown by a clock that goes back', () => {
    const bucket = new TokenBucket(RATE, 1_000);
    expect(bucket.take(50, 1_000)).toBe(0);
    expect(bucket.take(1, 0)).toBe(10);
  });
});
