import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, type Tenant } from '@weir/avro';

import { generateApiKey } from './api-key.js';
import { sentinelRecord } from './sentinel.js';
import { tenantRecordProblem } from './tenant-record.js';

const key = { id: 'k', hash: generateApiKey().hash, scopes: [], expires_at: null, revoked_at: null };
const good: Tenant = {
  tenant_id: 'acme',
  name: 'Acme',
  state: 'active',
  version: 1,
  limits: DEFAULT_LIMITS,
  keys: [key],
  updated_at: 0,
};

describe('a record of the tenants topic', () => {
  it('is good as a tenant under its own key, and as the sentinel', () => {
    expect(tenantRecordProblem(good, 'acme')).toBeNull();
    expect(tenantRecordProblem(sentinelRecord(0), '_weir')).toBeNull();
  });

  it('is told of in few words, whatever it brings', () => {
    expect(tenantRecordProblem(good, 'x'.repeat(1_000_000))?.length).toBeLessThan(200);
  });

  it.each<[string, Partial<Tenant>, string | null]>([
    ['stands under the key of another', {}, 'other'],
    ['has no key', {}, null],
    ['takes the name of the sentinel', { tenant_id: '_weir' }, '_weir'],
    ['takes the state of the sentinel', { state: 'sentinel' }, 'acme'],
    ['has an id that needs an escape somewhere', { tenant_id: 'a/b' }, 'a/b'],
    ['has an empty id', { tenant_id: '' }, ''],
    ['has a hash that is none', { keys: [{ ...key, hash: 'abc' }] }, 'acme'],
    ['has a limit below nothing', { limits: { ...DEFAULT_LIMITS, max_labels: -1 } }, 'acme'],
    ['has a limit that is no number', { limits: { ...DEFAULT_LIMITS, in_flight_share: Number.NaN } }, 'acme'],
    ['has a limit without end', { limits: { ...DEFAULT_LIMITS, samples_per_second: Infinity } }, 'acme'],
    ['has a version that no comparison bears', { version: Number.NaN }, 'acme'],
  ])('is passed over where it %s', (_, changes, recordKey) => {
    expect(tenantRecordProblem({ ...good, ...changes }, recordKey)).not.toBeNull();
  });
});
