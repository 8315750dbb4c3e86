import { describe, expect, it } from '@jest/globals';

import { textOf } from './report.js';
import type { ContenderResult, StageResult } from './run.js';

const contender = (name: string): ContenderResult => ({
  name,
  perSecond: { min: 1_000, median: 2_000, max: 3_000 },
  ratio: null,
  cpuMicros: null,
  cpuRatio: null,
  tailRatio: null,
  latencyMs: null,
  freshnessMs: null,
  processes: {},
  runs: [],
});
const result: StageResult = {
  name: 'some',
  unit: 'rows',
  about: 'about',
  target: null,
  wantedPerSecond: 30_000,
  peerTarget: null,
  ahead: {},
  contenders: [contender('limit'), contender('weir')],
};

describe('what a terminal shows of a stage', () => {
  it('tells how many a second are wanted of Weir, and of nobody else', () => {
    const text = textOf(result);
    expect(text).toContain('weir     2,000 rows/s (1,000 to 3,000; wanted 30,000)');
    expect(text).toContain('limit    2,000 rows/s (1,000 to 3,000)');
  });
});
