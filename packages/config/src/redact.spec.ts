import { describe, expect, it } from '@jest/globals';

import { parseEnvironment } from './parse.js';
import { redacted } from './redact.js';
import { text } from './index.js';

describe('redacted', () => {
  it.each([
    ['postgres://u:p@db:5432/weir', 'postgres://***@db:5432/weir'],
    ['postgres://u:p@ss@db/weir', 'postgres://***@db/weir'],
    ['http://one:1@a/x,http://two:2@b/y', 'http://***@a/x,http://***@b/y'],
    ['http://a/path@x?mail=a@b', 'http://a/path@x?mail=a@b'],
    ['a:9092,b:9092', 'a:9092,b:9092'],
  ])('shows %s without credentials', (given, shown) => {
    const variables = { ADDRESS: text({ about: 'An address.' }) };
    expect(redacted(parseEnvironment(variables, { ADDRESS: given }))).toEqual({ ADDRESS: shown });
  });
});
