import { describe, expect, it } from '@jest/globals';
import type { LogProbeResult } from '@weir/kafka';

import { GapCheck } from './gap-check.js';

const range = { topic: 't', partition: 3, from: 10, to: 20 };
const verify = (found: LogProbeResult) => new GapCheck({ lookInto: async () => found }).verify([range]);

describe('GapCheck', () => {
  it('counts a gap where a fresh fetch finds nothing in it either', async () => {
    await expect(verify({ lowWatermark: 0, firstOffset: null })).resolves.toEqual([{ range, gap: 10, expired: 0 }]);
    await expect(verify({ lowWatermark: 10, firstOffset: null })).resolves.toEqual([{ range, gap: 10, expired: 0 }]);
  });

  it('counts as expired what retention deleted, and as a gap what is empty above it', async () => {
    await expect(verify({ lowWatermark: 14, firstOffset: null })).resolves.toEqual([{ range, gap: 6, expired: 4 }]);
    await expect(verify({ lowWatermark: 99, firstOffset: null })).resolves.toEqual([{ range, gap: 0, expired: 10 }]);
  });

  it('lets nothing be settled where the fetch does find a record', async () => {
    await expect(verify({ lowWatermark: 0, firstOffset: 19 })).rejects.toMatchObject({
      code: 'record_missed',
      retryable: true,
    });
  });

  it('looks into each partition once, however many gaps it has', async () => {
    const looks: number[][] = [];
    const check = new GapCheck({
      lookInto: async ({ partition }, stretches) => {
        looks.push([partition, stretches.length]);
        return { lowWatermark: 0, firstOffset: null };
      },
    });
    const gaps = [0, 1].flatMap((partition) =>
      Array.from({ length: 300 }, (_, n) => ({ topic: 't', partition, from: n * 3, to: n * 3 + 1 })),
    );
    const verdicts = await check.verify(gaps);
    expect(looks).toEqual([
      [0, 300],
      [1, 300],
    ]);
    expect(verdicts.map((verdict) => verdict.range)).toEqual(gaps);
    expect(verdicts.every(({ gap, expired }) => gap === 1 && expired === 0)).toBe(true);
  });

  it('asks nothing where nothing is missing', async () => {
    const unreachable = new GapCheck({ lookInto: () => Promise.reject(new Error('asked')) });
    await expect(unreachable.verify([])).resolves.toEqual([]);
  });
});
