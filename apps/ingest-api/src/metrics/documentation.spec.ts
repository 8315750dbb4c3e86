import { describe, expect, it } from '@jest/globals';
import { documentedTable } from '@weir/testing';

import { PROBLEMS } from './problems.js';
import { REJECTIONS } from './rejections.js';

describe('docs/reference/errors.md', () => {
  it('names every refusal of a request, with its status and meaning, and no other', () => {
    expect(documentedTable('docs/reference/errors.md', 'ingest-api: whole requests')).toEqual(
      Object.entries(PROBLEMS).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]),
    );
  });

  it('names every refusal of a sample, with its meaning, and no other', () => {
    expect(documentedTable('docs/reference/errors.md', 'ingest-api: single samples')).toEqual(
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
