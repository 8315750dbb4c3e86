import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { PROBLEMS } from './problems.js';
import { REJECTIONS } from './rejections.js';

const page = readFileSync(new URL('../../../../docs/reference/errors.md', import.meta.url), 'utf8');

/** The rows of the table under a heading, without its head and rule. */
function tableUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

describe('docs/reference/errors.md', () => {
  it('names every refusal of a request, with its status and meaning, and no other', () => {
    expect(tableUnder('ingest-api: whole requests')).toEqual(
      Object.entries(PROBLEMS).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]),
    );
  });

  it('names every refusal of a sample, with its meaning, and no other', () => {
    expect(tableUnder('ingest-api: single samples')).toEqual(
      Object.entries(REJECTIONS).map(([code, meaning]) => [`\`${code}\``, meaning]),
    );
  });

  it('has a Retry-After for every 503', () => {
    const without = Object.values(PROBLEMS).filter(
      (problem) => problem.status === 503 && !('retryAfterSeconds' in problem),
    );
    expect(without).toEqual([]);
  });
});
