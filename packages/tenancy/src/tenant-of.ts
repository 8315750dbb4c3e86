import { isUtf8 } from 'node:buffer';

import { UNTHROWN, ValidationError } from '@weir/errors';
import type { RecordHeader } from '@weir/kafka';

import { STORABLE } from './storable-sample.js';

/** The header in which records of v1 and v2 carry their tenant. */
export const TENANT_HEADER = 'tenant-id';

/**
 * Whose record this is: the tenant in its body, or for a schema that has none there the one in its header.
 *
 * Answers an error where neither names one, where they contradict each other, where the header names several, or where what it
 * names cannot be stored. The tenants view is not asked: what was accepted stays accepted.
 */
export function tenantOf(
  bodyTenant: string,
  writtenWithTenant: boolean,
  headers: readonly RecordHeader[],
): string | ValidationError {
  let fromHeader: string | undefined;
  let named = 0;
  let text = true;
  for (const { key, value } of headers) {
    if (key !== TENANT_HEADER) continue;
    named += 1;
    // A name that was replaced here and there might be another tenant's.
    text &&= value === null || isUtf8(value);
    fromHeader = value?.toString('utf8') ?? '';
    if (writtenWithTenant && fromHeader !== bodyTenant)
      return new ValidationError('tenant', 'the tenant in the header contradicts the one in the body', UNTHROWN);
  }
  if (!writtenWithTenant && named > 1)
    return new ValidationError('tenant', 'the header names a tenant more than once', UNTHROWN);
  if (!writtenWithTenant && !text)
    return new ValidationError('tenant', 'the tenant in the header is not UTF-8', UNTHROWN);
  return storable(writtenWithTenant ? bodyTenant : (fromHeader ?? ''));
}

function storable(tenant: string): string | ValidationError {
  if (tenant === '') return new ValidationError('tenant', 'the record names no tenant', UNTHROWN);
  if (tenant.length > STORABLE.tenantBytes || Buffer.byteLength(tenant) > STORABLE.tenantBytes)
    return new ValidationError('tenant', 'the tenant is too long', UNTHROWN);
  if (tenant.includes('\0')) return new ValidationError('tenant', 'the tenant contains a NUL', UNTHROWN);
  return tenant;
}
