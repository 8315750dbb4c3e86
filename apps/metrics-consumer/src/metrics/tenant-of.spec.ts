import { describe, expect, it } from '@jest/globals';

import { tenantOf } from './tenant-of.js';

const header = (value: string | null, key = 'tenant-id') => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

describe('tenantOf', () => {
  it("takes a v3 record's tenant from its body, with or without the same tenant in the header", () => {
    expect(tenantOf('acme', true, [])).toBe('acme');
    expect(tenantOf('acme', true, [header('acme'), header('acme')])).toBe('acme');
    expect(tenantOf('acme', true, [header('x', 'source')])).toBe('acme');
  });

  it("takes a v1 or v2 record's tenant from its header", () => {
    expect(tenantOf('', false, [header('app', 'source'), header('acme')])).toBe('acme');
  });

  it.each([
    ['a v3 record without a tenant', '', true, []],
    ['a v3 record without a tenant, though a header names one', '', true, [header('acme')]],
    ['a v3 record whose header names another', 'acme', true, [header('acme'), header('other')]],
    ['a v3 record whose header is empty', 'acme', true, [header(null)]],
    ['a v1 record without a header', '', false, []],
    ['a v1 record with an empty header', '', false, [header('')]],
    ['a v1 record with two headers, even if they agree', '', false, [header('acme'), header('acme')]],
  ] as const)('finds no tenant in %s', (_case, body, writtenWithTenant, headers) => {
    expect(tenantOf(body, writtenWithTenant, headers)).toMatchObject({ code: 'tenant', retryable: false });
  });
});
