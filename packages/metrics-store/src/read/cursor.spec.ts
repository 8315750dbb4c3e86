import { describe, expect, it } from '@jest/globals';

import { decodeCursor, encodeCursor } from './cursor.js';

const forged = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('cursors', () => {
  it('come back as they were, whatever the text', () => {
    const position = ['-12', 'Füß\u0000"\\'];
    expect(decodeCursor(encodeCursor(position), [/^-?\d+$/, /^[^]*$/])).toEqual(position);
  });

  it.each([
    ['', 'empty'],
    ['%%%', 'not base64url'],
    [forged({}), 'no array'],
    [forged(['1']), 'too short'],
    [forged(['1', 'a', 'b']), 'too long'],
    [forged([1, 'a']), 'a number for a text'],
    [forged(['1; DROP TABLE', 'a']), 'a part of the wrong form'],
  ])('refuses %p: %s', (cursor) => {
    expect(() => decodeCursor(cursor, [/^-?\d+$/, /^[^]*$/])).toThrow(
      expect.objectContaining({ code: 'cursor', retryable: false }),
    );
  });
});
