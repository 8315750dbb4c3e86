import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { finding, FINDINGS, quoted } from './finding.js';

describe('a finding', () => {
  it('has no more than 300 characters, and cuts no character in half', () => {
    const { detail } = finding('text', `${'a'.repeat(298)}😀😀`);
    expect(detail.length).toBeLessThanOrEqual(300);
    expect(detail.endsWith('…')).toBe(true);
    expect(Buffer.from(detail).toString('utf8')).toBe(detail);
  });

  it('escapes the field that it names, and leaves out what it does not know', () => {
    expect(finding('label_name_illegal', 'x', { field: 'labels.a\n', byte: undefined })).toEqual({
      code: 'label_name_illegal',
      detail: 'x',
      field: 'labels.a\\u{a}',
    });
  });
});

describe('a text that is quoted', () => {
  it.each([
    ['a line break', 'a\nb', '"a\\u{a}b"'],
    ['an escape sequence of a terminal', '\u001B[31mred', '"\\u{1b}[31mred"'],
    ['what turns the line around', 'a\u202Eb', '"a\\u{202e}b"'],
    ['what nobody sees', 'a\u200Bb', '"a\\u{200b}b"'],
    ['half of a surrogate pair', 'a\uD800b', '"a\\u{d800}b"'],
    ['a separator of lines', 'a\u2028b', '"a\\u{2028}b"'],
    ['what is harmless', 'ü ☃ 😀 "', '"ü ☃ 😀 ""'],
  ])('is escaped where it has %s', (_case, text, shown) => {
    expect(quoted(text)).toBe(shown);
  });

  it('has no more than 80 characters, escapes and quotes included', () => {
    for (const text of ['a'.repeat(200), '\0'.repeat(200), '😀'.repeat(100)])
      expect(quoted(text).length).toBeLessThanOrEqual(80);
  });
});

describe('docs/reference/dead-letters.md', () => {
  it('names every code that a finding may have, with its meaning, and no other', () => {
    const page = readFileSync(new URL('../../../../docs/reference/dead-letters.md', import.meta.url), 'utf8');
    const section = page.split('\n## Findings\n')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(rows).toEqual(Object.entries(FINDINGS));
  });
});
