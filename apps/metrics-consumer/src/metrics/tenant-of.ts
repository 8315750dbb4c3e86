import { ValidationError } from '@weir/errors';
import type { RecordHeader } from '@weir/kafka';

/** The header in which records of v1 and v2 carry their tenant. */
const TENANT_HEADER = 'tenant-id';

/**
 * Whose record this is: the tenant in its body, or for a schema that has none there the one in its header.
 *
 * Answers an error where neither names one, where they contradict each other, or where the header names several. The
 * tenants view is not asked: what was accepted stays accepted.
 */
export function tenantOf(
  bodyTenant: string,
  writtenWithTenant: boolean,
  headers: readonly RecordHeader[],
): string | ValidationError {
  let fromHeader: string | undefined;
  let named = 0;
  for (const { key, value } of headers) {
    if (key !== TENANT_HEADER) continue;
    named += 1;
    fromHeader = value?.toString('utf8') ?? '';
    if (writtenWithTenant && fromHeader !== bodyTenant)
      return new ValidationError('tenant', 'the tenant in the header contradicts the one in the body');
  }
  if (!writtenWithTenant && named > 1) return new ValidationError('tenant', 'the header names a tenant more than once');
  const tenant = writtenWithTenant ? bodyTenant : (fromHeader ?? '');
  return tenant === '' ? new ValidationError('tenant', 'the record names no tenant') : tenant;
}
