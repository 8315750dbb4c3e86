import { describe, expect, it } from '@jest/globals';

import { faultOf, rejected, unavailable } from './faults.js';

const pgError = (code: string, constraint?: string): unknown =>
  Object.assign(new Error(`sqlstate ${code}`), { severity: 'ERROR', code, ...(constraint ? { constraint } : {}) });

describe('faultOf', () => {
  it.each([
    ['22021', 'row'], // NUL in text
    ['22P05', 'row'], // NUL in jsonb
    ['22P02', 'row'],
    ['22003', 'row'],
    ['22008', 'row'],
    ['22P03', 'wait'], // our own binary format
    ['22P04', 'wait'],
    ['23502', 'row'],
    ['23505', 'duplicate'],
    ['23503', 'wait'],
    ['23514', 'partition'],
    ['25006', 'wait'], // read-only
    ['40001', 'wait'],
    ['40P01', 'wait'],
    ['42703', 'wait'],
    ['53100', 'wait'],
    ['53400', 'wait'],
    ['54000', 'wait'],
    ['55P03', 'wait'],
    ['57014', 'wait'],
    ['57P01', 'wait'],
    ['08006', 'wait'],
    ['XX000', 'wait'],
  ])('takes SQLSTATE %s for the fault of: %s', (code, fault) => {
    expect(faultOf(pgError(code))).toBe(fault);
  });

  it('takes a named check for the fault of the row, and the nameless one for a missing partition', () => {
    expect(faultOf(pgError('23514', 'samples_value_finite'))).toBe('row');
    expect(faultOf(pgError('23514'))).toBe('partition');
  });

  it.each([
    [new Error('gone')],
    [Object.assign(new Error('x'), { code: '22021' })],
    ['text'],
    [null],
    [undefined],
    [{}],
  ])('waits for whatever PostgreSQL did not send: %p', (thrown) => {
    expect(faultOf(thrown)).toBe('wait');
  });
});

describe('errors made of faults', () => {
  it('keep the SQLSTATE and the cause, and say whether to try again', () => {
    const cause = pgError('57P01');
    expect(unavailable(cause, 'writing')).toMatchObject({ retryable: true, cause, context: { sqlState: '57P01' } });
    expect(rejected(pgError('22021'))).toMatchObject({ retryable: false, sqlState: '22021' });
  });
});
