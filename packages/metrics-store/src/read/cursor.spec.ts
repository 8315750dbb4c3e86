import { describe, expect, it } from '@jest/globals';

import { decodeCursor, encodeCursor, questionOf } from './cursor.js';

const PARTS = [/^-?\d+$/, /^[^]*$/];
const refusal = expect.objectContaining({ code: 'cursor', retryable: false });
const question = questionOf('points', { tenantId: 'acme', name: 'load1', labels: { a: '1', b: '2' } });
const cursor = encodeCursor(question, ['-12', 'x']);

describe('cursors', () => {
  it.each(['x', '', 'Füß🦫"\\', '\u0001'.repeat(2048)])('come back as they were: %j', (text) => {
    expect(decodeCursor(question, encodeCursor(question, ['-12', text]), PARTS)).toEqual(['-12', text]);
  });

  it('stay well below the size of a URL, whatever the longest label value is made of', () => {
    for (const character of ['\u0001', '"', '水'])
      expect(encodeCursor(question, [character.repeat(2048)]).length).toBeLessThan(8300);
  });

  it('do not mind in which order labels are asked for', () => {
    const turned = questionOf('points', { tenantId: 'acme', name: 'load1', labels: { b: '2', a: '1' } });
    expect(decodeCursor(turned, cursor, PARTS)).toEqual(['-12', 'x']);
  });

  it.each([
    ['another tenant', questionOf('points', { tenantId: 'globex', name: 'load1', labels: { a: '1', b: '2' } })],
    ['another name', questionOf('points', { tenantId: 'acme', name: 'load5', labels: { a: '1', b: '2' } })],
    ['fewer labels', questionOf('points', { tenantId: 'acme', name: 'load1', labels: { a: '1' } })],
    [
      'an environment',
      questionOf('points', { tenantId: 'acme', name: 'load1', labels: { a: '1', b: '2' }, environment: null }),
    ],
    ['another kind', questionOf('series', { tenantId: 'acme', name: 'load1', labels: { a: '1', b: '2' } })],
    ['a label', questionOf('points', { tenantId: 'acme', name: 'load1', labels: { a: '1', b: '2' } }, 'host')],
  ])('are refused by the question of %s', (_, other) => {
    expect(() => decodeCursor(other, cursor, PARTS)).toThrow(refusal);
  });

  it.each([
    ['', 'empty'],
    ['%%%', 'not base64url'],
    [cursor.slice(0, -1), 'cut short'],
    [`${cursor}=`, 'spelt otherwise'],
    [`${cursor}A`, 'longer'],
    [`A${cursor.slice(1)}`, 'with another digest'],
    [encodeCursor(question, ['1']), 'too few parts'],
    [encodeCursor(question, ['1', 'a', 'b']), 'too many parts'],
    [encodeCursor(question, ['1; DROP TABLE', 'a']), 'a part of the wrong form'],
  ])('refuses %p: %s', (text) => {
    expect(() => decodeCursor(question, text, PARTS)).toThrow(refusal);
  });

  it('are refused with any one character changed', () => {
    for (let at = 0; at < cursor.length; at += 1) {
      const changed = cursor[at] === 'A' ? 'B' : 'A';
      expect(() => decodeCursor(question, cursor.slice(0, at) + changed + cursor.slice(at + 1), PARTS)).toThrow(
        refusal,
      );
    }
  });
});
