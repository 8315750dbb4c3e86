import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { parseRfc3339 } from './rfc3339.js';

describe('parseRfc3339', () => {
  it('reads every moment of the years 1 to 9999 as Date does', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59.999Z'),
          noInvalidDate: true,
        }),
        (date) => {
          expect(parseRfc3339(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });

  it.each([
    ['2026-11-21T12:00:00Z', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21t12:00:00z', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21T12:00:00+05:30', '2026-11-21T06:30:00.000Z'],
    ['2026-11-21T00:30:00-23:59', '2026-11-22T00:29:00.000Z'],
    ['2026-11-21T12:00:00-00:00', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21T12:00:00.1Z', '2026-11-21T12:00:00.100Z'],
    ['2026-11-21T12:00:00.999999999Z', '2026-11-21T12:00:00.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(new Date(parseRfc3339(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([
    '',
    '2026-11-21',
    '2026-11-21T12:00:00', // names no moment
    '2026-11-21 12:00:00Z',
    '2026-11-21T12:00Z',
    '2026-11-21T12:00:60Z', // epoch time has no leap second
    '2026-11-21T24:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-11-21T12:00:00.Z',
    '2026-11-21T12:00:00.1234567890Z',
    '2026-11-21T12:00:00,5Z',
    '2026-11-21T12:00:00+0530',
    '2026-11-21T12:00:00+24:00',
    '2026-11-21T12:00:00+05:60',
    '2026-11-21T12:00:00ZZ',
    '+002026-11-21T12:00:00Z',
    ' 2026-11-21T12:00:00Z',
    '2026-11-21T12:00:00Z\n',
    '２０２６-11-21T12:00:00Z', // full-width digits
    '1763726400000',
  ])('refuses %j', (text) => {
    expect(parseRfc3339(text)).toBeNull();
  });

  it('refuses any other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(parseRfc3339(text)).toBeNull();
      }),
    );
  });
});
