import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { PositionedSample } from '../settlement.js';
import { FIRST_TIMESTAMP_MS } from './binary.js';
import { KnownSeries } from './known-series.js';
import { foldRows, refuseUnrepresentable } from './rows.js';

const positioned = (
  offset: number,
  fields: { version?: number; replayed?: boolean; host?: string; timestampMs?: number } = {},
): PositionedSample => ({
  topic: 'metrics.raw',
  partition: 0,
  offset,
  sample: {
    tenantId: 't',
    name: 'n',
    environment: null,
    labels: { host: fields.host ?? 'a' },
    timestampMs: fields.timestampMs ?? 0,
    value: offset,
    version: fields.version ?? 0,
    replayed: fields.replayed ?? false,
  },
});

/** What the table holds after the statements were run one by one, over a row of version `initial`. */
function oneByOne(samples: readonly PositionedSample[], initial: number | null): number | null {
  let value: number | null = null;
  let version = initial;
  for (const { sample } of samples) {
    if (version !== null && (sample.replayed ? sample.version <= version : sample.version < version)) continue;
    ({ value, version } = sample);
  }
  return value;
}

describe('foldRows', () => {
  it('leaves what writing the samples one by one would have left, whatever is in the table', () => {
    const versioned = fc.record({ version: fc.nat(4), replayed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(versioned, { minLength: 1, maxLength: 6 }), fc.option(fc.nat(4)), (versions, initial) => {
        const samples = versions.map((version, offset) => positioned(offset, version));
        const folded = foldRows(samples, new KnownSeries({ identities: 10, ids: 100 })).map((row) => row.chosen);
        expect(folded).toHaveLength(1);
        expect(oneByOne(folded, initial)).toBe(oneByOne(samples, initial));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives one row for each series and time, in the order of the key', () => {
    const hosts = ['c', 'a', 'b', 'a'];
    const samples = hosts.flatMap((host, i) => [
      positioned(2 * i, { host, timestampMs: 5 }),
      positioned(2 * i + 1, { host, timestampMs: 3 }),
    ]);
    const keys = foldRows(samples, new KnownSeries({ identities: 10, ids: 100 })).map(
      (row) => [row.series.hex, row.timestampMs] as const,
    );
    expect(keys).toHaveLength(6);
    expect(keys).toEqual(keys.toSorted(([a, s], [b, t]) => (a === b ? s - t : a < b ? -1 : 1)));
  });

  it('takes labels in another order for the same series', () => {
    const one = positioned(0);
    const two = positioned(1);
    const rows = foldRows(
      [
        { ...one, sample: { ...one.sample, labels: { a: '1', b: '2' } } },
        { ...two, sample: { ...two.sample, labels: { b: '2', a: '1' } } },
      ],
      new KnownSeries({ identities: 10, ids: 100 }),
    );
    expect(rows.map((row) => row.chosen.offset)).toEqual([1]);
  });
});

describe('refuseUnrepresentable', () => {
  it.each([[NaN], [0.5], [Infinity], [8.64e15 + 1], [FIRST_TIMESTAMP_MS - 1]])(
    'refuses the timestamp %p',
    (timestampMs) => {
      const refused = refuseUnrepresentable([positioned(1), positioned(2, { timestampMs })]);
      expect(refused).toMatchObject([{ offset: 2, error: { sqlState: '22008' } }]);
    },
  );

  it.each([[0], [-62_167_219_200_000], [8.64e15], [FIRST_TIMESTAMP_MS]])(
    'lets the timestamp %p pass',
    (timestampMs) => {
      expect(refuseUnrepresentable([positioned(1, { timestampMs })])).toEqual([]);
    },
  );
});
