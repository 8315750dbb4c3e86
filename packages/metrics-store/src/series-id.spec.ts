import { createHash } from 'node:crypto';

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

const count = (of: number): Buffer => Buffer.from([of >>> 24, of >>> 16, of >>> 8, of]);
const field = (of: string | Buffer): Buffer => Buffer.concat([count(Buffer.from(of).length), Buffer.from(of)]);

/** The encoding in the plainest words. */
function encodedAndHashed({ tenantId, name, environment, labels }: SeriesIdentity): string {
  const sorted = Object.entries(labels)
    .map(([label, value]) => [Buffer.from(label), value] as const)
    .toSorted(([a], [b]) => Buffer.compare(a, b));
  const parts = [field(tenantId), field(name), Buffer.from([environment === null ? 0 : 1])];
  if (environment !== null) parts.push(field(environment));
  parts.push(count(sorted.length), ...sorted.flatMap(([label, value]) => [field(label), field(value)]));
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex').slice(0, 32);
}

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

  it('is what its encoding says, of texts of any length and script', () => {
    const anyText = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '\0', '\u007f', '\u0080', '€', '\ue000', '\uffff', '🦫'), maxLength: 5 }),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('a', '€').map((unit) => unit.repeat(9_000)),
    );
    const anyIdentity = fc.record({
      tenantId: anyText,
      name: anyText,
      environment: fc.option(anyText),
      labels: fc.dictionary(anyText, anyText, { maxKeys: 5 }),
    });
    fc.assert(
      fc.property(anyIdentity, (one) => expect(hex(one)).toBe(encodedAndHashed(one))),
      { numRuns: 2_000 },
    );
  });
});
