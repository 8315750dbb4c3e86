import { describe, expect, it } from '@jest/globals';

import { toConsumedRecord } from './consumed-record.js';

const message = { topic: 't', partition: 1, offset: 7, size: 0, timestamp: 5, value: null, key: null };

describe('toConsumedRecord', () => {
  it('tells null from empty, and keeps bytes that are no text', () => {
    expect(toConsumedRecord(message)).toEqual({
      topic: 't',
      partition: 1,
      offset: 7,
      timestampMs: 5,
      key: null,
      value: null,
      headers: [],
    });
    const bytes = Buffer.from([0xff, 0, 1]);
    expect(toConsumedRecord({ ...message, key: bytes, value: Buffer.alloc(0) })).toMatchObject({
      key: bytes,
      value: Buffer.alloc(0),
    });
  });

  it('keeps headers in order, also repeated, without a name, and called like a property of every object', () => {
    // What the binding makes of a header called __proto__.
    const proto: Record<string, Buffer> = {};
    Object.setPrototypeOf(proto, Buffer.from('x'));
    const headers = [{ a: Buffer.from('1') }, { a: Buffer.from('2') }, { '': Buffer.from('3') }, proto];
    expect(toConsumedRecord({ ...message, headers }).headers.map((h) => [h.key, h.value?.toString()])).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['', '3'],
      ['__proto__', 'x'],
    ]);
  });
});
