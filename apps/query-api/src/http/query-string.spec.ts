import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { queryOf } from './query-string.js';

describe('queryOf', () => {
  it.each([
    ['/path', {}],
    ['/path?', {}],
    ['/path?&&', {}],
    ['/path?a', { a: '' }],
    ['/path?a=', { a: '' }],
    ['/path?a=b=c', { a: 'b=c' }],
    ['/path?a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['/path?a=&a', { a: ['', ''] }],
    ['/path?label.a%2Eb=x+y%2B%26', { 'label.a.b': 'x y+&' }],
    ['/path?=x', { '': 'x' }],
    ['/path?a=?', { a: '?' }],
  ])('reads %j', (target, expected) => {
    expect(queryOf(target)).toEqual(expected);
  });

  it.each(['?a=%', '?a=%f', '?a=%ff', '?a=%zz', '?%ff=a', '?a=%ed%a0%80', '?a=%c0%af'])('refuses %j', (query) => {
    expect(() => queryOf(`/path${query}`)).toThrow(expect.objectContaining({ code: 'malformed_url' }));
  });

  it('keeps names that objects have anyway', () => {
    expect(Object.entries(queryOf('/path?__proto__=a&constructor=b&__proto__=c'))).toEqual([
      ['__proto__', ['a', 'c']],
      ['constructor', 'b'],
    ]);
  });

  it('gives back whatever URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (query) => {
        const read = queryOf(`/path?${new URLSearchParams(Object.entries(query)).toString()}`);
        expect(read).toEqual({ ...query });
      }),
    );
  });
});
