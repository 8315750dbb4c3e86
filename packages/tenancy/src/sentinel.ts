import { DEFAULT_LIMITS, type Tenant } from '@weir/avro';

/** Key and tenant id of the sentinel; no tenant may be called so. */
export const SENTINEL_ID = '_weir';

/** The record that tells a reader of `tenants` that it reads the topic which admin-service keeps, and not an empty one. */
export function sentinelRecord(now: number): Tenant {
  return {
    tenant_id: SENTINEL_ID,
    name: 'Weir',
    state: 'sentinel',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [],
    updated_at: now,
  };
}

export function isSentinel(record: Tenant): boolean {
  return record.tenant_id === SENTINEL_ID && record.state === 'sentinel';
}
