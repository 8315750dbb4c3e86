import { describe, expect, it } from '@jest/globals';

import { chartOf } from './chart.js';
import type { ContenderResult, StageResult } from './run.js';

const contender = (name: string, median: number): ContenderResult => ({
  name,
  perSecond: { min: median / 2, median, max: median * 2 },
  ratio: null,
  cpuMicros: null,
  cpuRatio: null,
  latencyMs: null,
  tailRatio: null,
  freshnessMs: null,
  processes: {},
  runs: [],
});
const stage = (name: string, contenders: readonly ContenderResult[]): StageResult => ({
  name,
  unit: 'records',
  about: '',
  target: null,
  peerTarget: null,
  ahead: {},
  contenders,
});

describe('the chart of a run', () => {
  it('names each stage and contender, and tells each median', async () => {
    const svg = await chartOf([
      stage('one', [contender('limit', 1_234), contender('weir', 567)]),
      stage('two', [contender('weir', 89)]),
    ]);
    expect(svg).toMatch(/^<svg .*<\/svg>$/su);
    for (const text of ['one: records a second', 'two: records a second', 'limit', 'weir', '1,234', '567', '89'])
      expect(svg).toContain(`>${text}<`);
  });

  it('has sizes of Weir in its own colour, and whoever stands beside it in another', async () => {
    const PEER = '#c98a3d';
    expect(await chartOf([stage('grow', [contender('1 tenant', 2), contender('9 tenants', 1)])])).not.toContain(PEER);
    expect(await chartOf([stage('one', [contender('weir', 2), contender('peer', 1)])])).toContain(PEER);
  });

  it('is none where every stage has its pace given', async () => {
    expect(
      await chartOf([stage('paced', [{ ...contender('weir', 1), freshnessMs: { p50: 1, p95: 2, p99: 2 } }])]),
    ).toBeNull();
  });
});
