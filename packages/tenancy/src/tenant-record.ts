import type { Tenant } from '@weir/avro';

import { isSentinel, SENTINEL_ID } from './sentinel.js';

/**
 * What a tenant may be called: the id stands in record keys, headers, metric labels and addresses, so it needs no escape in
 * any of them and is no longer than they bear.
 */
const TENANT_ID = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/i;
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Whether a tenant may be called so. */
export function isTenantId(text: string): boolean {
  return TENANT_ID.test(text);
}

/** What is wrong with a record of `tenants` that was decoded, in one sentence; null where it may be used. */
export function tenantRecordProblem(record: Tenant, recordKey: string | null): string | null {
  if (recordKey !== record.tenant_id) return `The key is ${shown(recordKey)} and the tenant another.`;
  if (isSentinel(record)) return null;
  if (record.tenant_id === SENTINEL_ID || record.state === 'sentinel') return 'The sentinel is no tenant.';
  if (!isTenantId(record.tenant_id)) return 'The tenant id has characters or a length that no tenant id has.';
  if (!Number.isSafeInteger(record.version)) return 'The version is no integer.';
  // One bad key makes the record bad: what is known of the tenant stands until a good one comes.
  if (record.keys.some((key) => !SHA256_HEX.test(key.hash))) return "A key's hash is not SHA-256 in hexadecimal.";
  const odd = Object.entries(record.limits).find(([, limit]) => !isLimit(limit));
  if (odd !== undefined) return `The limit ${odd[0]} is none.`;
  return null;
}

/** Kept short: whatever a record brings may end in a log. */
const shown = (key: string | null): string => JSON.stringify(key?.slice(0, 80) ?? null);

const isLimit = (limit: unknown): boolean =>
  limit === null || (typeof limit === 'number' && Number.isFinite(limit) && limit >= 0);
