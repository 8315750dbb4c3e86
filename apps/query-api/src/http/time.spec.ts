import { describe, expect, it } from '@jest/globals';

import { Parameters } from './parameters.js';
import { durationOf, timeOf, timeRangeOf } from './time.js';

const NOW = Date.UTC(2026, 10, 21, 12);

describe('timeOf', () => {
  it.each([
    ['0', 0],
    ['1763726400000', 1_763_726_400_000],
    ['2026-11-21T12:00:00Z', NOW],
    ['2026-11-21t12:00:00z', NOW],
    ['2026-11-21T13:30:00+01:30', NOW],
    ['2026-11-21T07:00:00.5-05:00', NOW + 500],
    ['2026-11-21T12:00:00.123456789Z', NOW + 123],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('reads %p', (text, expected) => {
    expect(timeOf('from', text)).toBe(expected);
  });

  it.each([
    '',
    'now',
    '-1',
    '1e3',
    '12.5',
    '2026-11-21',
    '2026-11-21T12:00:00',
    '2026-11-21T12:00:00 01:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T12:00:00+24:00',
    '1969-12-31T23:59:59Z',
    '9999999999999999',
    '0000-01-01T00:00:00Z',
  ])('refuses %p', (text) => {
    expect(() => timeOf('from', text)).toThrow(expect.objectContaining({ code: 'time_unreadable' }));
  });
});

describe('timeRangeOf', () => {
  it('is the last hour unless told otherwise', () => {
    expect(timeRangeOf(new Parameters({}), NOW)).toEqual({ fromMs: NOW - 3_600_000, toMs: NOW });
    expect(timeRangeOf(new Parameters({ to: '7200000' }), NOW)).toEqual({ fromMs: 3_600_000, toMs: 7_200_000 });
  });

  it.each([
    ['2', '2'],
    ['3', '2'],
  ])('refuses a range from %p to %p', (from, to) => {
    expect(() => timeRangeOf(new Parameters({ from, to }), NOW)).toThrow(
      expect.objectContaining({ code: 'range_empty' }),
    );
  });
});

describe('durationOf', () => {
  it.each([
    ['1s', 1_000],
    ['300s', 300_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['100000000d', 8.64e15],
  ])('reads %p', (text, expected) => {
    expect(durationOf('step', text)).toBe(expected);
  });

  it.each(['', '0s', '5', 'm', '1.5h', '-5m', '5m30s', '1w', '5 m', '1000000000s', '100000001d'])(
    'refuses %p',
    (text) => {
      expect(() => durationOf('step', text)).toThrow(expect.objectContaining({ code: 'duration_unreadable' }));
    },
  );
});
