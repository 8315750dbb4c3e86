import { describe, expect, it } from '@jest/globals';
import { array, assert, integer, oneof, property, record } from 'fast-check';

import { hashSeries, hashText, type SeriesHash } from './series-hash.js';
import { SeriesTable } from './series-table.js';

const hashOf = (key: string): SeriesHash => {
  const hash = { high: 0, low: 0 };
  const bytes = Buffer.from(`-${key}-`);
  hashSeries(bytes, 1, bytes.length - 1, hash);
  return hash;
};

describe('hashSeries', () => {
  it('tells 50,000 keys that are nearly alike from each other', () => {
    const keys = Array.from({ length: 50_000 }, (_, n) => `acme/http_requests_total{path="/${n % 400}",pod="${n}"}`);
    expect(new Set(keys.map((key) => hashText(hashOf(key)))).size).toBe(keys.length);
  });
});

describe('SeriesTable', () => {
  it('remembers what a map would, whatever comes in which order', () => {
    const step = oneof(
      record({ see: integer({ min: 0, max: 5_000 }), at: integer({ min: 1, max: 1_000 }) }),
      record({ dropBefore: integer({ min: 1, max: 1_000 }) }),
    );
    assert(
      property(array(step, { maxLength: 2_000, size: 'max' }), (steps) => {
        const table = new SeriesTable();
        const model = new Map<number, number>();
        for (const each of steps)
          if ('see' in each) {
            table.see(hashOf(`${each.see}`), each.at);
            model.set(each.see, each.at);
          } else {
            table.dropBefore(each.dropBefore);
            for (const [key, seen] of model) if (seen < each.dropBefore) model.delete(key);
          }
        expect(table.size).toBe(model.size);
        for (const key of [...model.keys(), 6_000]) expect(table.lastSeen(hashOf(`${key}`))).toBe(model.get(key) ?? 0);
      }),
      { numRuns: 10 },
    );
  });

  it('tells hashes apart that share a half', () => {
    const table = new SeriesTable();
    table.see({ high: 1, low: 7 }, 5);
    expect(table.lastSeen({ high: 2, low: 7 })).toBe(0);
    expect(table.lastSeen({ high: 1, low: 8 })).toBe(0);
    table.see({ high: 2, low: 7 }, 6);
    expect([table.lastSeen({ high: 1, low: 7 }), table.lastSeen({ high: 2, low: 7 })]).toEqual([5, 6]);
  });
});
