import { describe, expect, it } from '@jest/globals';
import { documentedTable } from '@weir/testing';

import { REFUSALS, VALIDATIONS } from './problems.js';

describe('docs/reference/errors.md', () => {
  it('names every refusal of admin-service, with its status and meaning, and no other', () => {
    expect(documentedTable('docs/reference/errors.md', 'admin-service')).toEqual([
      ...Object.entries(REFUSALS).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]),
      ...Object.entries(VALIDATIONS).map(([code, meaning]) => [`\`${code}\``, '422', meaning]),
    ]);
  });
});
