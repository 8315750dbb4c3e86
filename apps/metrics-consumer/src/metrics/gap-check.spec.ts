import { describe, expect, it } from '@jest/globals';
import type { LogProbeResult } from '@weir/kafka';

import { GapCheck } from './gap-check.js';

const range = { topic: 't', partition: 3, from: 10, to: 20 };
const verify = (found: LogProbeResult) => new GapCheck({ lookFrom: async () => found }).verify([range]);

describe('GapCheck', () => {
  it('counts a gap where a fresh fetch finds nothing in it either', async () => {
    await expect(verify({ lowWatermark: 0, firstOffset: 20 })).resolves.toEqual([{ range, gap: 10, expired: 0 }]);
    await expect(verify({ lowWatermark: 10, firstOffset: null })).resolves.toEqual([{ range, gap: 10, expired: 0 }]);
  });

  it('counts as expired what retention deleted, and as a gap what is empty above it', async () => {
    await expect(verify({ lowWatermark: 14, firstOffset: 20 })).resolves.toEqual([{ range, gap: 6, expired: 4 }]);
    await expect(verify({ lowWatermark: 99, firstOffset: 99 })).resolves.toEqual([{ range, gap: 0, expired: 10 }]);
  });

  it('lets nothing be settled where the fetch does find a record', async () => {
    await expect(verify({ lowWatermark: 0, firstOffset: 19 })).rejects.toMatchObject({
      code: 'record_missed',
      retryable: true,
    });
  });

  it('asks nothing where nothing is missing', async () => {
    const unreachable = new GapCheck({ lookFrom: () => Promise.reject(new Error('asked')) });
    await expect(unreachable.verify([])).resolves.toEqual([]);
  });
});
