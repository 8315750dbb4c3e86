import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { PlacedPoint } from './placed-points.js';
import { pointsJson } from './points-json.js';

const series = fc.record({
  id: fc.uuid(),
  name: fc.string({ unit: 'binary' }),
  environment: fc.option(fc.string({ unit: 'binary' })),
  labels: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
});
const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(-0, 0, 9, 10, 9_999_999, 1e7, 1e7 + 1, 1e15 - 1, 1e15, 1e21, 5e-324, Number.MAX_VALUE, Infinity, NaN),
);
const page = fc
  .array(series, { minLength: 1, maxLength: 3 })
  .chain((all) => fc.array(fc.record({ series: fc.constantFrom(...all), timestamp: number, value: number })));

const byStringify = (placed: readonly PlacedPoint[], nextCursor: string | null): string =>
  JSON.stringify({
    points: placed.map(({ series: { name, labels, environment }, timestamp, value }) => ({
      timestamp,
      name,
      value,
      labels,
      environment,
    })),
    nextCursor,
  });

describe('pointsJson', () => {
  it('is what JSON.stringify writes, byte by byte', () => {
    fc.assert(
      fc.property(page, fc.option(fc.string()), (placed, nextCursor) => {
        expect(String(pointsJson(placed, nextCursor))).toBe(byStringify(placed, nextCursor));
      }),
    );
  });

  it('has room for the longest numbers', () => {
    const one = { id: '', name: 'n', environment: null, labels: {} };
    const placed = Array.from({ length: 5 }, () => ({
      series: one,
      timestamp: -1.2345678901234567e-100,
      value: -1.7976931348623157e308,
    }));
    expect(String(pointsJson(placed, null))).toBe(byStringify(placed, null));
  });
});
