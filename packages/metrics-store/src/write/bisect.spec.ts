import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { findCulprits } from './bisect.js';

async function search(
  size: number,
  culprits: ReadonlySet<number>,
): Promise<{ readonly found: readonly number[]; readonly attempts: number }> {
  let attempts = 0;
  const found = await findCulprits(
    Array.from({ length: size }, (_, i) => i),
    (lot) => {
      attempts += 1;
      return Promise.resolve(lot.some((item) => culprits.has(item)) ? 'fault' : null);
    },
  );
  return { found: found.map(({ item }) => item), attempts };
}

describe('findCulprits', () => {
  it('finds exactly what fails alone, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.uniqueArray(fc.nat(40)), async (size, bad) => {
        const culprits = new Set(bad.filter((item) => item < size));
        const { found } = await search(size, culprits);
        expect(found).toEqual([...culprits].toSorted((a, b) => a - b));
      }),
    );
  });

  it('finds one among 2,000 in a few attempts', async () => {
    expect(await search(2_000, new Set([1_234]))).toMatchObject({ found: [1_234] });
    expect((await search(2_000, new Set([1_234]))).attempts).toBeLessThan(26);
  });

  it('finds nobody where a batch fails as a whole and each half of it passes', async () => {
    const culprits = await findCulprits([1, 2], (lot) => Promise.resolve(lot.length === 2 ? 'fault' : null));
    expect(culprits).toEqual([]);
  });

  it('passes on what is no fault of an item', async () => {
    await expect(findCulprits([1], () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });
});
