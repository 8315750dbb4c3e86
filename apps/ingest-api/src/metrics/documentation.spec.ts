import { describe, expect, it } from '@jest/globals';
import { documentedTable } from '@weir/testing';

import { PROBLEMS } from './problems.js';
import { REJECTIONS } from './rejections.js';

const tableUnder = (heading: string): string[][] => documentedTable('docs/reference/errors.md', heading);

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
