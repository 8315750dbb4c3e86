import { describe, expect, it } from '@jest/globals';

import { tenantOf } from './tenant-of.js';

const header = (value: string | Buffer | null, key = 'tenant-id') => ({
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

  it('takes the longest tenant that a row holds', () => {
    expect(tenantOf('ü'.repeat(127), true, [])).toBe('ü'.repeat(127));
  });

  it.each([
    ['a v3 record without a tenant', '', true, []],
    ['a v3 record without a tenant, though a header names one', '', true, [header('acme')]],
    ['a v3 record whose header names another', 'acme', true, [header('acme'), header('other')]],
    ['a v3 record whose header is empty', 'acme', true, [header(null)]],
    ['a v1 record without a header', '', false, []],
    ['a v1 record with an empty header', '', false, [header('')]],
    ['a v1 record with two headers, even if they agree', '', false, [header('acme'), header('acme')]],
    ['a v1 record whose header is not UTF-8', '', false, [header(Buffer.from([0x61, 0xff]))]],
    ['a v1 record whose header no row holds', '', false, [header('ü'.repeat(128))]],
    ['a v1 record with a NUL in its header', '', false, [header('a\0b')]],
    ['a v3 record whose tenant no row holds', 'a'.repeat(256), true, []],
    ['a v3 record with a NUL in its tenant', 'a\0b', true, []],
  ] as const)('finds no tenant in %s', (_case, body, writtenWithTenant, headers) => {
    expect(tenantOf(body, writtenWithTenant, headers)).toMatchObject({ code: 'tenant', retryable: false });
  });
});
