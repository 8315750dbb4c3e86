import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startRedis, type TestRedis, uniqueName, packed } from '@weir/testing';

import { ActiveSeries } from '../src/limits/active-series.js';
import { RedisLimits } from '../src/limits/redis-limits.js';
import { SampleRates } from '../src/limits/sample-rates.js';

const keys = (from: number, to: number) => packed(Array.from({ length: to - from }, (_, n) => `series-${from + n}`));

describe('limits that instances share through Redis', () => {
  let redis: TestRedis;
  let tenant: string;
  const reachable: boolean[] = [];
  const opened: RedisLimits[] = [];

  beforeEach(async () => {
    redis = await startRedis();
    tenant = uniqueName('tenant');
    reachable.length = 0;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((limits) => limits.close()));
    await redis.stop();
  });

  /** One instance, connected. */
  async function instance(): Promise<RedisLimits> {
    // So long that a machine which is busy elsewhere never has one go by its own count.
    const limits = new RedisLimits(redis.url, (isReachable) => reachable.push(isReachable), undefined, 30_000);
    opened.push(limits);
    await eventually(
      () =>
        limits.ping().then(
          () => true,
          () => false,
        ),
      Boolean,
    );
    return limits;
  }

  it('two instances together let one rate through, and each tells how long to wait', async () => {
    const rate = { perSecond: 1, burst: 1_000 };
    const [a, b] = [new SampleRates(await instance()), new SampleRates(await instance())];
    let taken = 0;
    let waits: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const answers = await Promise.all([a, b].map(async (rates) => rates.take(tenant, rate, 100)));
      taken += answers.filter((waitMs) => waitMs === 0).length * 100;
      waits = answers.filter((waitMs) => waitMs > 0);
    }
    expect(taken).toBe(1_000);
    expect(waits).toHaveLength(2);
    for (const waitMs of waits) expect(waitMs).toBeGreaterThan(60_000);
  });

  it('each instance tells what it let through of the rate, and nothing of what the shared limit refused', async () => {
    const rate = { perSecond: 1, burst: 100 };
    const clock = { now: 0 };
    const read = (): number => clock.now;
    const [a, b] = [new SampleRates(await instance(), read), new SampleRates(await instance(), read)];
    expect(await a.take(tenant, rate, 100)).toBe(0);
    expect(await b.take(tenant, rate, 100)).toBeGreaterThan(0);
    clock.now += 100_000;
    expect([a.usage(), b.usage()]).toEqual([[[tenant, 1]], [[tenant, 0]]]);
  });

  it('what one instance took ahead is part of the rate', async () => {
    const rate = { perSecond: 1, burst: 200 };
    const limits = await instance();
    const grant = await limits.takeSamples(tenant, rate, 10, 100);
    expect(grant).toEqual({ granted: 110 });
    await expect(limits.takeSamples(tenant, rate, 200, 0)).resolves.toMatchObject({ waitMs: expect.any(Number) });
  });

  it('two instances together let one number of series through, and an active one through both', async () => {
    const options = { windowMs: 600_000 };
    const [a, b] = [
      new ActiveSeries({ ...options, shared: await instance() }),
      new ActiveSeries({ ...options, shared: await instance() }),
    ];
    expect(await a.refused(tenant, 1_200, keys(0, 1_000))).toBeNull();
    expect(await b.refused(tenant, 1_200, keys(500, 1_300))).toEqual(Array.from({ length: 100 }, (_, n) => 700 + n));
    expect(await a.refused(tenant, 1_200, keys(0, 1_200))).toBeNull();
    expect(await a.refused(tenant, 1_200, keys(1_200, 1_201))).toEqual([0]);
  });

  it('tells of a series again before it falls out of what is shared', async () => {
    const clock = { now: Date.now() };
    const shared = await instance();
    const asked: string[] = [];
    const told = {
      takeSamples: shared.takeSamples.bind(shared),
      admitSeries: (...request: Parameters<RedisLimits['admitSeries']>) => {
        asked.push(...request[2]);
        return shared.admitSeries(...request);
      },
    };
    const series = new ActiveSeries({ windowMs: 60_000, shared: told, clock: () => clock.now });
    expect(await series.refused(tenant, 10, keys(0, 1))).toBeNull();
    clock.now += 10_000;
    expect(series.refused(tenant, 10, keys(0, 1))).toBeNull(); // known, so nobody is asked
    clock.now += 6_000;
    expect(await series.refused(tenant, 10, keys(0, 1))).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('each instance goes by its own count while Redis is away, and by the shared one when it is back', async () => {
    const limits = await instance();
    const rates = new SampleRates(limits);
    const series = new ActiveSeries({ windowMs: 600_000, shared: limits });
    const rate = { perSecond: 1, burst: 100 };
    expect(await series.refused(tenant, 10, keys(0, 5))).toBeNull();
    await redis.stop();
    await eventually(
      async () => [await rates.take(uniqueName('other'), rate, 1), reachable.at(-1)],
      ([, isReachable]) => isReachable === false,
    );
    expect(await rates.take(tenant, rate, 100)).toBe(0);
    expect(await rates.take(tenant, rate, 100)).toBeGreaterThan(0);
    expect(await series.refused(tenant, 10, keys(3, 12))).toEqual([7, 8]);
  });
});
