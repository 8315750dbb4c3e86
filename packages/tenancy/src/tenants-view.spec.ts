import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, type Tenant, type TenantKey } from '@weir/avro';

import { generateApiKey } from './api-key.js';
import { sentinelRecord } from './sentinel.js';
import { hasScope, TenantsView } from './tenants-view.js';

const NOW = 1_800_000_000_000;

const progress = { caughtUp: true, age: 0, ageMs: () => progress.age };

function newView(): TenantsView {
  const view = new TenantsView({ maxAgeMs: 60_000, freshMs: 5_000 });
  view.follow(progress);
  return view;
}

function tenant(changes: Partial<Tenant> = {}): Tenant {
  return {
    tenant_id: 'acme',
    name: 'Acme',
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [],
    updated_at: NOW,
    ...changes,
  };
}

function newKey(changes: Partial<TenantKey> = {}): { key: string; entry: TenantKey } {
  const { id, key, hash } = generateApiKey();
  return { key, entry: { id, hash, scopes: ['ingest'], expires_at: null, revoked_at: null, ...changes } };
}

describe('TenantsView', () => {
  let view: TenantsView;

  beforeEach(() => {
    progress.caughtUp = true;
    progress.age = 0;
    view = newView();
    view.apply(sentinelRecord(NOW));
  });

  it('knows a key that a tenant has, and what it is for', () => {
    const { key, entry } = newKey();
    view.apply(tenant({ keys: [entry] }));

    const answer = view.authenticate(key, NOW);

    expect(answer).toMatchObject({ kind: 'ok', tenant: { id: 'acme', name: 'Acme' } });
    expect(hasScope(entry, 'ingest')).toBe(true);
    expect(hasScope(entry, 'query')).toBe(false);
  });

  it('lets two keys of a tenant live side by side, so that one can be replaced by the other', () => {
    const [first, second] = [newKey(), newKey()];
    view.apply(tenant({ keys: [first.entry, second.entry] }));

    expect(view.authenticate(first.key, NOW).kind).toBe('ok');
    expect(view.authenticate(second.key, NOW).kind).toBe('ok');
  });

  it('refuses the right id with a wrong secret, and the right secret under another id', () => {
    const [first, second] = [newKey(), newKey()];
    view.apply(tenant({ keys: [first.entry, second.entry] }));

    expect(view.authenticate(`${first.key}0`, NOW).kind).toBe('unknown');
    expect(view.authenticate(first.key.replace(first.entry.id, second.entry.id), NOW).kind).toBe('unknown');
    expect(view.authenticate('', NOW).kind).toBe('unknown');
  });

  it('tells a key that was revoked or has expired from one that is unknown, but only to whoever has the secret', () => {
    const [revoked, expired] = [newKey({ revoked_at: NOW + 1_000 }), newKey({ expires_at: NOW })];
    view.apply(tenant({ keys: [revoked.entry, expired.entry] }));

    expect(view.authenticate(revoked.key, NOW).kind).toBe('revoked');
    expect(view.authenticate(expired.key, NOW).kind).toBe('expired');
    expect(view.authenticate(expired.key, NOW - 1).kind).toBe('ok');
    expect(view.authenticate(`${revoked.key}0`, NOW).kind).toBe('unknown');
  });

  it('takes a tenant in a state that it does not know for suspended', () => {
    const { key, entry } = newKey();
    view.apply(tenant({ keys: [entry], state: 'suspended' }));
    expect(view.authenticate(key, NOW).kind).toBe('suspended');

    view.apply(tenant({ keys: [entry], version: 2, state: 'frozen' as Tenant['state'] }));
    expect(view.authenticate(key, NOW).kind).toBe('suspended');
  });

  it('ignores a version below the one it has, also after a deletion', () => {
    const { key, entry } = newKey();
    view.apply(tenant({ keys: [entry], version: 7 }));

    expect(view.apply(tenant({ version: 6 }))).toBe(false);
    expect(view.authenticate(key, NOW).kind).toBe('ok');

    expect(view.apply(tenant({ keys: [entry], version: 8, state: 'deleted' }))).toBe(true);
    expect(view.authenticate(key, NOW).kind).toBe('unknown');
    expect(view.tenant('acme')).toBeNull();

    expect(view.apply(tenant({ keys: [entry], version: 7 }))).toBe(false);
    expect(view.authenticate(key, NOW).kind).toBe('unknown');
  });

  it('forgets a key that a later version no longer has', () => {
    const [gone, kept] = [newKey(), newKey()];
    view.apply(tenant({ keys: [gone.entry, kept.entry] }));
    view.apply(tenant({ keys: [kept.entry], version: 2 }));

    expect(view.authenticate(gone.key, NOW).kind).toBe('unknown');
    expect(view.authenticate(kept.key, NOW).kind).toBe('ok');
  });

  it('answers "unavailable" to every key until the start was read and the sentinel seen, in whatever order', () => {
    const { key, entry } = newKey();
    const fresh = newView();
    progress.caughtUp = false;
    fresh.apply(tenant({ keys: [entry] }));
    expect(fresh.state).toBe('loading');
    expect(fresh.waitingFor).toBe('high_watermark');
    expect(fresh.authenticate(key, NOW).kind).toBe('unavailable');
    expect(fresh.authenticate(newKey().key, NOW).kind).toBe('unavailable');

    progress.caughtUp = true; // an empty topic, created again by someone, looks like this
    expect(fresh.state).toBe('loading');
    expect(fresh.waitingFor).toBe('sentinel');
    expect(fresh.authenticate(key, NOW).kind).toBe('unavailable');

    fresh.apply(sentinelRecord(NOW));
    expect(fresh.state).toBe('ready');
    expect(fresh.waitingFor).toBeNull();
    expect(fresh.authenticate(key, NOW).kind).toBe('ok');

    progress.caughtUp = false; // the sentinel comes first where it was compacted least
    expect(fresh.state).toBe('loading');
    expect(fresh.authenticate(key, NOW).kind).toBe('unavailable');
    expect(fresh.authenticate(newKey().key, NOW).kind).toBe('unavailable');
    progress.caughtUp = true;
  });

  it('never calls a key unknown once nothing was heard for a while, and serves nobody after its greatest age', () => {
    const { key, entry } = newKey();
    view.apply(tenant({ keys: [entry] }));

    progress.age = 5_001;
    expect(view.state).toBe('ready');
    expect(view.authenticate(key, NOW).kind).toBe('ok');
    expect(view.authenticate(newKey().key, NOW).kind).toBe('unavailable');

    progress.age = 60_001;
    expect(view.state).toBe('stale');
    expect(view.waitingFor).toBe('news');
    expect(view.authenticate(key, NOW).kind).toBe('unavailable');
  });
});
