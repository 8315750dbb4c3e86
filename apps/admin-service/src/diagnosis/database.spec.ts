import { describe, expect, it } from '@jest/globals';

import { examineRejection } from './database.js';

describe('what PostgreSQL says of a row that it refuses', () => {
  it.each([
    [
      'new row for relation "series" violates check constraint "series_name_length"',
      'database_check',
      'SQLSTATE 23514: the check constraint "series_name_length" of "series" refuses the row: the metric’s name is empty or too long.',
    ],
    [
      'new row for relation "samples_2026_11_21" violates check constraint "samples_value_positive"',
      'database_check',
      '"samples_value_positive" of "samples_2026_11_21" refuses the row.',
    ],
    [
      'value for domain metrics.ratio violates check constraint "ratio_check"',
      'database_check',
      'the domain "metrics.ratio"',
    ],
    [
      'null value in column "unit" of relation "series" violates not-null constraint',
      'database_not_null',
      'SQLSTATE 23502: the column "unit" of "series" must not be null',
    ],
    ['unsupported Unicode escape sequence', 'database_text', 'SQLSTATE 22P05'],
    [
      'invalid byte sequence for encoding "UTF8": 0x00',
      'database_text',
      'SQLSTATE 22021: a text of the row has the bytes 0x00, which UTF8 does not have.',
    ],
    [
      'value too long for type character varying(64)',
      'database_text',
      'SQLSTATE 22001: a text of the row is longer than its column, "character varying(64)".',
    ],
    [
      'the timestamp 99999999999999999 is out of range',
      'database_out_of_range',
      'SQLSTATE 22008: the timestamp "99999999999999999"',
    ],
    ['the version 1e300 is out of range', 'database_out_of_range', 'SQLSTATE 22003: the version "1e300"'],
    ['timestamp out of range', 'database_out_of_range', 'SQLSTATE 22008'],
    ['numeric field overflow', 'database_out_of_range', 'SQLSTATE 22003'],
    ['"1e400" is out of range for type double precision', 'database_out_of_range', 'SQLSTATE 22003'],
    ['something new', 'database_refused', 'The database said "something new".'],
  ])('is put into words: %s', (error, code, words) => {
    const found = examineRejection(error);
    expect(found.code).toBe(code);
    expect(found.detail).toContain(words);
    expect(found.detail).toContain('a replay of one record tells');
  });

  it('takes no constraint for one of its own by the name of what every object has', () => {
    const found = examineRejection('new row for relation "a" violates check constraint "constructor"');
    expect(found.detail).toContain('"constructor" of "a" refuses the row.');
  });
});
