import { describe, expect, it } from '@jest/globals';

import { isGzip, payloadFormat } from './payload-format.js';

describe('payloadFormat', () => {
  it.each([
    ['application/json', 'json'],
    ['Application/JSON ; Charset=UTF-8', 'json'],
    ['application/json; charset="utf-8"', 'json'],
    ['application/json; charset=us-ascii; q=1', 'json'],
    ['application/x-ndjson', 'ndjson'],
    ['application/ndjson;charset=utf8', 'ndjson'],
  ])('takes %s for %s', (header, format) => {
    expect(payloadFormat(header)).toBe(format);
  });

  it.each([
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json, text/plain',
  ])('refuses %j', (header) => {
    expect(() => payloadFormat(header)).toThrow(expect.objectContaining({ code: 'unsupported_media_type' }));
  });

  it.each(['utf-16', 'latin1', '"iso-8859-1"', ''])('refuses the charset %s', (charset) => {
    expect(() => payloadFormat(`application/json; charset=${charset}`)).toThrow(
      expect.objectContaining({ code: 'unsupported_charset' }),
    );
  });
});

describe('isGzip', () => {
  it('knows gzip by both names, and no encoding by three', () => {
    expect(['gzip', 'GZIP', ' x-gzip '].map(isGzip)).toEqual([true, true, true]);
    expect([undefined, '', 'identity'].map(isGzip)).toEqual([false, false, false]);
  });

  it.each(['br', 'deflate', 'zstd', 'gzip, gzip', 'identity, gzip', 'chunked'])('refuses %s', (encoding) => {
    expect(() => isGzip(encoding)).toThrow(expect.objectContaining({ code: 'unsupported_encoding' }));
  });
});
