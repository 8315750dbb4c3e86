import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { REFUSALS, VALIDATIONS } from './problems.js';

const textOf = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

/** The rows of the table under a heading, without its head and rule. */
function tableUnder(heading: string): string[][] {
  const section = textOf('docs/reference/errors.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

describe('docs/reference/errors.md', () => {
  it('names every refusal of admin-service, with its status and meaning, and no other', () => {
    expect(tableUnder('admin-service')).toEqual([
      ...Object.entries(REFUSALS).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]),
      ...Object.entries(VALIDATIONS).map(([code, meaning]) => [`\`${code}\``, '422', meaning]),
    ]);
  });
});
