import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { SeriesKeyWriter } from './series-key.js';

interface Series {
  readonly tenant: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: string | null;
}

const keysOf = (series: readonly Series[]): string[] => {
  const { bytes, ends } = new SeriesKeyWriter().write(
    series.map(({ tenant, ...others }) => ({ tenant_id: tenant, ...others })),
  );
  return Array.from(ends, (end, at) => bytes.toString('utf8', at === 0 ? 0 : ends[at - 1], end));
};
const keyOf = (series: Series): string => keysOf([series])[0] ?? '';
const seriesKey = (tenant: string, name: string, labels: Series['labels'], environment: string | null): string =>
  keyOf({ tenant, name, labels, environment });

const identityOf = (s: Series): string =>
  JSON.stringify([s.tenant, s.name, s.environment, Object.entries(s.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);

describe('SeriesKeyWriter', () => {
  it('reads as Prometheus writes a series', () => {
    expect(seriesKey('acme', 'http_requests_total', { path: '/', method: 'GET' }, 'prod')).toBe(
      'acme/http_requests_total{method="GET",path="/"}@"prod"',
    );
    expect(seriesKey('acme', 'up', {}, null)).toBe('acme/up{}');
    expect(seriesKey('acme', 'up', { a: 'say "hi"\\\n' }, null)).toBe('acme/up{a="say \\"hi\\"\\\\\\n"}');
  });

  it('does not depend on the labels before', () => {
    const labelSets = [{ b: '1', a: '2' }, { b: '3', a: '4' }, { a: '5', b: '6' }, { a: '7', c: '8' }, { a: '9' }, {}];
    expect(labelSets.map((each) => seriesKey('t', 'n', each, null))).toEqual([
      't/n{a="2",b="1"}',
      't/n{a="4",b="3"}',
      't/n{a="5",b="6"}',
      't/n{a="7",c="8"}',
      't/n{a="9"}',
      't/n{}',
    ]);
  });

  const labels = fc.dictionary(fc.stringMatching(/^[a-z]{1,2}$/), fc.string({ maxLength: 4 }), { maxKeys: 4 });
  const series = fc.record({
    tenant: fc.constantFrom('a', 'b'),
    name: fc.constantFrom('x', 'y:z'),
    labels,
    environment: fc.option(fc.string({ maxLength: 3 })),
  });

  it('is the same for the labels in any order', () => {
    fc.assert(
      fc.property(series, (given) => {
        const turned = Object.fromEntries(Object.entries(given.labels).toReversed());
        expect(keyOf({ ...given, labels: turned })).toBe(keyOf(given));
      }),
    );
  });

  it('is the same beside others, however long they are', () => {
    const long = fc.string({ unit: 'binary', maxLength: 400 });
    const longer = series.chain((one) =>
      fc
        .record({ labels: fc.dictionary(fc.constantFrom('a', 'b'), long), environment: long })
        .map((other) => ({ ...one, ...other })),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(series, longer), { maxLength: 20 }), (all) => {
        expect(keysOf(all)).toEqual(all.map((one) => keyOf(one)));
      }),
    );
  });

  it('has texts as JSON has them, but for what JSON need not escape', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(seriesKey('t', 'n', { a: text }, text)).toBe(`t/n{a=${JSON.stringify(text)}}@${JSON.stringify(text)}`);
      }),
    );
  });

  it('is another for another series', () => {
    fc.assert(
      fc.property(series, series, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(identityOf(a) === identityOf(b));
      }),
      { numRuns: 1000 },
    );
  });
});
