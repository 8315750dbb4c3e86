import { describe, expect, it } from '@jest/globals';

import { runStage } from './run.js';
import { Shared } from './shared.js';
import type { Contender, Run, Stage } from './stage.js';

const EXTENT = { seconds: 1, records: 1, asked: { samples: 1, series: 1 }, peers: false };

/** A stage whose contenders do so many in a second in each round, the first of which warms up; and what happened in it. */
function stageOf(rates: Readonly<Record<string, readonly (number | Error)[]>>): { stage: Stage; said: string[] } {
  const said: string[] = [];
  const contender = (name: string, all: readonly (number | Error)[]): Contender => {
    const left = [...all];
    return {
      name,
      run: (): Promise<Run> => {
        said.push(name);
        const rate = left.shift() ?? new Error('one round too many');
        if (typeof rate !== 'number') return Promise.reject(rate);
        const use = { [name]: { cpuSeconds: 1, peakBytes: rate * 1e6 } };
        return Promise.resolve({
          count: rate * 2,
          seconds: 2,
          latencyMs: { p50: 1_000 / rate, p95: 2_000 / rate, p99: 5 },
          use,
        });
      },
    };
  };
  const open = () =>
    Promise.resolve({
      contenders: Object.entries(rates).map(([name, all]) => contender(name, all)),
      close: () => {
        said.push('closed');
        return Promise.resolve();
      },
    });
  return { said, stage: { name: 'some', unit: 'records', about: 'about', target: 0.5, peerTarget: 2, open } };
}
const options = (pairs: number) => ({
  pairs,
  warmUp: true,
  extent: EXTENT,
  shared: new Shared(),
  onLine: () => undefined,
});

describe('runStage', () => {
  it('lets the contenders take turns, and counts nothing of the first round', async () => {
    const { stage, said } = stageOf({ limit: [1, 100, 200], weir: [1_000, 50, 150] });
    const { contenders } = await runStage(stage, options(2));
    expect(said).toEqual(['limit', 'weir', 'limit', 'weir', 'limit', 'weir', 'closed']);
    expect(contenders.map(({ perSecond }) => perSecond)).toEqual([
      { min: 100, median: 150, max: 200 },
      { min: 50, median: 100, max: 150 },
    ]);
  });

  it('counts the first round where none goes before', async () => {
    const { stage, said } = stageOf({ limit: [100], weir: [50] });
    const { contenders } = await runStage(stage, { ...options(1), warmUp: false });
    expect(said).toEqual(['limit', 'weir', 'closed']);
    expect(contenders[1]?.ratio).toEqual({ min: 0.5, median: 0.5, max: 0.5 });
  });

  it('compares each run with that of the first contender in its own pair', async () => {
    const { stage } = stageOf({ limit: [1, 100, 200, 400], weir: [1, 50, 150, 100] });
    const [limit, weir] = (await runStage(stage, options(3))).contenders;
    expect(limit?.ratio).toBeNull();
    expect(weir?.ratio).toEqual({ min: 0.25, median: 0.5, max: 0.75 });
  });

  it('compares Weir with each peer, in its own pair', async () => {
    const { stage } = stageOf({ limit: [1, 800, 800], weir: [1, 200, 300], other: [1, 100, 100] });
    expect((await runStage(stage, options(2))).ahead).toEqual({ other: { min: 2, median: 2.5, max: 3 } });
  });

  it('tells latencies, processor time for each of what is counted, and the most memory', async () => {
    const { stage } = stageOf({ weir: [1, 100, 200, 50] });
    const [weir] = (await runStage(stage, options(3))).contenders;
    expect(weir?.latencyMs).toEqual({ p50: 10, p95: 20, p99: 5 });
    expect(weir?.processes['weir']).toEqual({ cpuMicros: 5_000, peakMegabytes: 200 });
  });

  it('compares the 95th percentile of answers with that of the first contender in the same pair', async () => {
    const { stage } = stageOf({ limit: [1, 100, 200, 400], weir: [1, 50, 50, 100] });
    const [limit, weir] = (await runStage(stage, options(3))).contenders;
    expect(limit?.tailRatio).toBeNull();
    expect(weir?.tailRatio).toEqual({ min: 2, median: 4, max: 4 });
  });

  it('compares the processor time of sizes with that of the smallest, pair by pair, and none is ahead', async () => {
    const { stage } = stageOf({ 'one tenant': [1, 100, 200, 50], 'two tenants': [1, 50, 50, 50] });
    const { contenders, ahead } = await runStage(stage, options(3));
    expect(contenders.map(({ cpuMicros }) => cpuMicros)).toEqual([
      { min: 2_500, median: 5_000, max: 10_000 },
      { min: 10_000, median: 10_000, max: 10_000 },
    ]);
    expect(contenders.map(({ cpuRatio }) => cpuRatio)).toEqual([null, { min: 1, median: 2, max: 4 }]);
    expect(ahead).toEqual({});
  });

  it('fails where a contender lost or invented anything, and lets go of the stage', async () => {
    const { stage, said } = stageOf({ limit: [1, 1], weir: [1, new Error('lost one')] });
    await expect(runStage(stage, options(2))).rejects.toThrow('lost one');
    expect(said.at(-1)).toBe('closed');
  });
});
