import { describe, expect, it } from '@jest/globals';

import { RecordDecodeError, UNTHROWN, ValidationError } from './index.js';

const made = (): Error => new ValidationError('name', 'no name');

describe('an error of Weir', () => {
  it('says where it was made, also after one that does not', () => {
    expect(new ValidationError('name', 'no name', UNTHROWN).stack).not.toContain('    at ');
    expect(made().stack).toContain('weir-error.spec');
  });

  it('has no stack where it is what is wrong with the bytes of a record, and all else', () => {
    const cause = new Error('at byte 5');
    const error = new RecordDecodeError('decode', 'too short', 7, { cause });
    expect(error.stack).not.toContain('    at ');
    expect(error).toMatchObject({
      message: 'too short',
      reason: 'decode',
      schemaId: 7,
      cause,
      name: 'RecordDecodeError',
    });
  });
});
