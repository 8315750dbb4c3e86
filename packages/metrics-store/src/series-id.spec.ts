import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { type SeriesIdentity, seriesId } from './series-id.js';

const hex = (identity: SeriesIdentity): string => seriesId(identity).toString('hex');
// Few and short texts, so that pairs which only differ in where one text ends and the next begins are common.
const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\u0001', 'é', '0'), maxLength: 3 });
const identity: fc.Arbitrary<SeriesIdentity> = fc.record({
  tenantId: text,
  name: text,
  environment: fc.option(text),
  labels: fc.dictionary(text, text, { maxKeys: 3 }),
});
const canonical = ({ tenantId, name, environment, labels }: SeriesIdentity): string =>
  JSON.stringify([tenantId, name, environment, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);

describe('seriesId', () => {
  it('does not depend on the order in which labels came', () => {
    fc.assert(
      fc.property(identity, (one) => {
        const reversed = { ...one, labels: Object.fromEntries(Object.entries(one.labels).toReversed()) };
        expect(hex(reversed)).toBe(hex(one));
      }),
    );
  });

  it('is the same for equal identities, and never for two that differ', () => {
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        expect(hex(one) === hex(other)).toBe(canonical(one) === canonical(other));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, Partial<SeriesIdentity>, Partial<SeriesIdentity>]>([
    ['no environment and an empty one', { environment: null }, { environment: '' }],
    ['a text that moved over a border', { tenantId: 'ab', name: 'c' }, { tenantId: 'a', name: 'bc' }],
    ['a label and its value', { labels: { ab: 'c' } }, { labels: { a: 'bc' } }],
    ['one label and two', { labels: { a: 'b1c' } }, { labels: { a: 'b', c: '' } }],
    ['environment and labels', { environment: 'a', labels: {} }, { environment: null, labels: { a: '' } }],
  ])('tells apart: %s', (_, one, other) => {
    const base = { tenantId: 't', name: 'n', environment: null, labels: {} };
    expect(hex({ ...base, ...one })).not.toBe(hex({ ...base, ...other }));
  });

  it('never changes: rows that are stored are found by it', () => {
    const id = hex({ tenantId: 'acme', name: 'cpu_seconds', environment: 'prod', labels: { host: 'a', zone: 'b' } });
    expect(id).toBe('ccf2eccd253588887a9c548634d87ee7');
  });
});
