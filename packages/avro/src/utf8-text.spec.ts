import { describe, expect, it } from '@jest/globals';

import { readUtf8 } from './utf8-text.js';

function read(bytes: Buffer): string {
  return readUtf8(bytes, 0, bytes.length);
}

describe('a text', () => {
  it('is told from every other, however many were read before and share its slot', () => {
    const texts = Array.from({ length: 20_000 }, (_, index) => `label-${index}-ü`);
    for (const text of [...texts, ...texts.toReversed()]) expect(read(Buffer.from(text))).toBe(text);
  });

  it('stays what it was when the bytes that it was read from change', () => {
    const bytes = Buffer.from('before');
    expect(read(bytes)).toBe('before');
    bytes.write('after!');
    expect(read(bytes)).toBe('after!');
    expect(read(Buffer.from('before'))).toBe('before');
  });

  it.each([
    ['short', ''],
    ['long', 'a'.repeat(100)],
  ])('that is no UTF-8 is refused, the second time too: %s', (_, padding) => {
    const bytes = Buffer.concat([Buffer.from(padding), Buffer.from([0xed, 0xa0, 0x80])]);
    expect(() => read(bytes)).toThrow('not UTF-8');
    expect(() => read(bytes)).toThrow('not UTF-8');
  });
});
