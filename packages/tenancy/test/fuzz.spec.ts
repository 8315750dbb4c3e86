import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, type Tenant, type TenantState } from '@weir/avro';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import * as fc from 'fast-check';

import { generateApiKey, TenantsView } from '../src/index.js';
import { tenantRecordProblem } from '../src/tenant-record.js';
import { sentinelRecord } from '../src/sentinel.js';

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const keys = Array.from({ length: 4 }, generateApiKey);
const OURS = 'acme';

const number = fc.oneof(fc.double(), fc.constantFrom(0, -1, 2 ** 51, Number.MAX_SAFE_INTEGER, Number.NaN, Infinity));
const text = fc.oneof(fc.constantFrom('globex', '_weir', '', 'a/b', '__proto__'), fc.string({ unit: 'binary' }));
const when = fc.option(fc.constantFrom(0, NOW - HOUR_MS, NOW + HOUR_MS, -(2 ** 51)));

const limits = fc.record(
  Object.fromEntries(Object.keys(DEFAULT_LIMITS).map((name) => [name, fc.option(number)])) as Record<
    keyof typeof DEFAULT_LIMITS,
    fc.Arbitrary<number | null>
  >,
);
const keyEntry = fc.record({
  id: fc.oneof(fc.constantFrom(...keys.map(({ id }) => id)), text),
  hash: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...keys.map(({ hash }) => hash)) }, text),
  scopes: fc.array(fc.constantFrom('ingest', 'query', 'root', '')),
  expires_at: when,
  revoked_at: when,
});

/** Whatever a schema lets through; mostly of tenants that are not ours. */
const anyTenant: fc.Arbitrary<Tenant> = fc.record({
  tenant_id: text,
  name: text,
  state: fc.constantFrom('active', 'suspended', 'deleted', 'sentinel', 'frozen').map((state) => state as TenantState),
  version: number,
  limits: fc.oneof(fc.constant(DEFAULT_LIMITS), limits),
  keys: fc.array(keyEntry, { maxLength: 5 }),
  updated_at: number,
});

function readyView(): TenantsView {
  const view = new TenantsView({ maxAgeMs: 60_000 });
  view.follow({ caughtUp: true, ageMs: () => 0 });
  view.apply(sentinelRecord(NOW));
  return view;
}

const applyUsable = (view: TenantsView, record: Tenant): void => {
  if (tenantRecordProblem(record, record.tenant_id) === null) view.apply(record);
};

describe('the view of tenants, whatever stands in its topic', () => {
  const [own] = keys;
  const ours: Tenant = {
    tenant_id: OURS,
    name: 'Acme',
    state: 'active',
    version: 7,
    limits: DEFAULT_LIMITS,
    keys: [{ id: own?.id ?? '', hash: own?.hash ?? '', scopes: ['ingest'], expires_at: null, revoked_at: null }],
    updated_at: NOW,
  };
  const presented = own?.key ?? '';

  it(
    'gives a tenant limits that can be kept, whatever its record says, and never throws',
    () => {
      const property = fc.property(fc.array(anyTenant, { maxLength: 10 }), (records) => {
        const view = readyView();
        for (const record of records) {
          applyUsable(view, record);
          const known = view.tenant(record.tenant_id);
          for (const limit of Object.values(known?.limits ?? {})) expect(limit).toBeGreaterThanOrEqual(0);
        }
        for (const { key } of keys) expect(view.authenticate(key, NOW).kind).not.toBe('unavailable');
      });
      fc.assert(property, { numRuns: fuzzRuns(1_000) });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'lets no record of others, and no older one of its own, change what a tenant’s key opens',
    () => {
      const others = fc.array(anyTenant, { maxLength: 10 }).map((records) =>
        // Who has a key's hash has the key: a record of another tenant with the very hash is that tenant's too.
        records.map((record) => ({ ...record, keys: record.keys.filter(({ hash }) => hash !== own?.hash) })),
      );
      const older = fc
        .array(anyTenant, { maxLength: 5 })
        .map((records) => records.map((record, n) => ({ ...record, tenant_id: OURS, version: n - 2 })));
      const property = fc.property(others, older, others, (before, outdated, after) => {
        const view = readyView();
        for (const record of [...before, ours, ...outdated, ...after]) applyUsable(view, record);
        expect(view.authenticate(presented, NOW)).toMatchObject({ kind: 'ok', tenant: { id: OURS } });
      });
      fc.assert(property, { numRuns: fuzzRuns(1_000) });
    },
    FUZZ_TIMEOUT_MS,
  );
});
