import { describe, expect, it } from '@jest/globals';

import type { SeriesIdentity } from '../series-id.js';
import { KnownSeries } from './known-series.js';

const series = (name: string): SeriesIdentity => ({ tenantId: 't', name, environment: null, labels: { a: 'b' } });

describe('KnownSeries', () => {
  it('knows a series only once it was confirmed', () => {
    const known = new KnownSeries({ identities: 10, ids: 100 });
    const one = known.of(series('one'));
    expect(known.isKnown(one)).toBe(false);
    known.confirm([one], known.currentAge);
    expect(known.isKnown(known.of(series('one')))).toBe(true);
  });

  it('does not take a row for known that was committed before the database may have lost commits', () => {
    const known = new KnownSeries({ identities: 10, ids: 100 });
    const one = known.of(series('one'));
    const age = known.currentAge;
    known.forget();
    known.confirm([one], age);
    expect(known.isKnown(one)).toBe(false);
  });

  it('knows by its id a series whose identity went', () => {
    const known = new KnownSeries({ identities: 10, ids: 1_000 });
    const one = known.of(series('one'));
    known.confirm([one], known.currentAge);
    for (let i = 0; i < 100; i += 1) known.of(series(`other-${i}`));
    const again = known.of(series('one'));
    expect(again).not.toBe(one);
    expect(known.isKnown(again)).toBe(true);
    expect(known.isKnown(known.of(series('other-0')))).toBe(false);
  });

  it('knows nothing by its id that was committed before the database may have lost commits', () => {
    const known = new KnownSeries({ identities: 10, ids: 1_000 });
    const [before, under] = [known.of(series('before')), known.of(series('under way'))];
    const age = known.currentAge;
    known.confirm([before], age);
    expect(known.isKnown(before)).toBe(true);
    known.forget();
    known.confirm([under], age);
    for (let i = 0; i < 100; i += 1) known.of(series(`other-${i}`));
    for (const name of ['before', 'under way']) expect(known.isKnown(known.of(series(name)))).toBe(false);
  });

  it('keeps what is in use and forgets the rest, within its bounds', () => {
    const known = new KnownSeries({ identities: 10, ids: 10 });
    const used = known.of(series('used'));
    known.confirm([used], known.currentAge);
    const idle = known.of(series('idle'));
    known.confirm([idle], known.currentAge);
    for (let i = 0; i < 100; i += 1) {
      known.confirm([known.of(series(`other-${i}`))], known.currentAge);
      known.of(series('used'));
    }
    expect(known.isKnown(known.of(series('used')))).toBe(true);
    expect(known.isKnown(known.of(series('idle')))).toBe(false);
  });

  it('tells apart identities that only differ in where texts end', () => {
    const known = new KnownSeries({ identities: 10, ids: 100 });
    const one = known.of({ tenantId: 'a', name: 'b', environment: null, labels: {} });
    for (const other of [
      { tenantId: 'a', name: 'b', environment: '', labels: {} },
      { tenantId: 'ab', name: '', environment: null, labels: {} },
      { tenantId: 'a', name: 'b', environment: null, labels: { '': '' } },
    ])
      expect(known.of(other).hex).not.toBe(one.hex);
  });
});
