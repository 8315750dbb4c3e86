import { describe, expect, it } from '@jest/globals';
import avsc from 'avsc';
import * as fc from 'fast-check';

import { parseSchema } from './strict-types.js';

describe('a string', () => {
  const strict = parseSchema('"string"');
  const plain = avsc.Type.forSchema('string');
  // Around 64 characters the length begins to take two bytes.
  const text = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 70 }),
    fc.string({ unit: 'grapheme', maxLength: 70 }),
    fc.nat({ max: 140 }).map((length) => 'a'.repeat(length)),
    fc.nat({ max: 70 }).map((length) => `${'a'.repeat(length)}é`),
  );

  it('is written as avsc writes it', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(strict.toBuffer(one).equals(plain.toBuffer(one))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('that does not fit says how many bytes are missing, and writes past no end', () => {
    fc.assert(
      fc.property(text, fc.nat({ max: 80 }), (one, room) => {
        const around = Buffer.alloc(room + 100, 0xff);
        const end = strict.encode(one, around.subarray(0, room), 0);
        const needed = plain.toBuffer(one).length;
        expect(end).toBe(needed <= room ? needed : room - needed);
        expect(around.subarray(room).every((byte) => byte === 0xff)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
