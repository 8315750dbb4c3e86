import type { Tenant, TenantKey } from '@weir/avro';

import { apiKeyId, apiKeyMatches, type Scope } from './api-key.js';
import { type SampleLimits, tenantLimits } from './limits.js';
import { isSentinel } from './sentinel.js';

/** A tenant as requests need it: what is looked up for each of them is worked out once. */
export interface KnownTenant {
  readonly id: string;
  readonly name: string;
  readonly limits: SampleLimits;
  /** The record as it came. */
  readonly record: Tenant;
}

/** What a presented key stands for. `unavailable` says nothing about the key: it is not known whether it is good. */
export type Authentication =
  | { readonly kind: 'ok'; readonly tenant: KnownTenant; readonly key: TenantKey }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'suspended'; readonly tenant: KnownTenant }
  | { readonly kind: 'unavailable' };

/** `loading`: not all of it is read yet. `stale`: nothing was heard of the topic for longer than `maxAgeMs`. */
export type TenantsViewState = 'loading' | 'ready' | 'stale';

/** How far the reader of the topic is; TopicReader of @weir/kafka is one. */
export interface TopicProgress {
  /** Whether the high watermark seen at start was reached. */
  readonly caughtUp: boolean;
  /** Milliseconds since the view was last known to hold everything in the topic. */
  ageMs(): number;
}

export interface TenantsViewOptions {
  /** `TENANTS_MAX_AGE`: how long the view serves while nothing is heard of the topic. */
  readonly maxAgeMs: number;
  /** How long an unknown key is answered `unknown` and not `unavailable` while nothing is heard of the topic. */
  readonly freshMs?: number;
}

const DEFAULT_FRESH_MS = 15_000;

interface KnownKey {
  readonly tenant: KnownTenant;
  readonly key: TenantKey;
  readonly hash: Buffer;
}

/**
 * All tenants and keys, in memory; guarantees.md, rule 5.
 *
 * It answers `unavailable` until the topic was read to the high watermark seen at start *and* the sentinel record came by: a
 * topic that someone has just created again is soon read, and would turn every key away. It does so again once nothing was
 * heard for `maxAgeMs`, since a key may have been revoked meanwhile; and for an unknown key already after `freshMs`, since
 * it may have been made meanwhile, and a client drops its data on a 401.
 */
export class TenantsView {
  private readonly tenants = new Map<string, KnownTenant>();
  /** By their ids, which a bad record may give to several. */
  private readonly keys = new Map<string, KnownKey[]>();
  private readonly freshMs: number;
  private sentinelSeen = false;
  private progress: TopicProgress = { caughtUp: false, ageMs: () => Number.POSITIVE_INFINITY };

  constructor(private readonly options: TenantsViewOptions) {
    this.freshMs = Math.min(options.freshMs ?? DEFAULT_FRESH_MS, options.maxAgeMs);
  }

  /** Takes its age from `progress` from now on. */
  follow(progress: TopicProgress): void {
    this.progress = progress;
  }

  get state(): TenantsViewState {
    if (!this.sentinelSeen || !this.progress.caughtUp) return 'loading';
    return this.progress.ageMs() > this.options.maxAgeMs ? 'stale' : 'ready';
  }

  /** What the view lacks, for health: the first thing that keeps it from `ready`, or null. */
  get waitingFor(): 'high_watermark' | 'sentinel' | 'news' | null {
    if (!this.progress.caughtUp) return 'high_watermark';
    if (!this.sentinelSeen) return 'sentinel';
    return this.state === 'stale' ? 'news' : null;
  }

  /** Tenants known, deleted ones among them. */
  get size(): number {
    return this.tenants.size;
  }

  /** Takes in one record. False where it is older than what is known of the tenant, and thus ignored. */
  apply(record: Tenant): boolean {
    if (isSentinel(record)) {
      this.sentinelSeen = true;
      return true;
    }
    const known = this.tenants.get(record.tenant_id);
    // The same version again is the same record, by whatever way it came twice.
    if (known !== undefined && record.version < known.record.version) return false;
    for (const { id } of known?.record.keys ?? []) this.forgetKey(id, record.tenant_id);

    const tenant = { id: record.tenant_id, name: record.name, limits: tenantLimits(record), record };
    this.tenants.set(tenant.id, tenant); // a deleted one too, so that its earlier versions stay ignored
    if (record.state !== 'deleted')
      for (const key of record.keys) this.addKey({ tenant, key, hash: Buffer.from(key.hash, 'hex') });
    return true;
  }

  private addKey(known: KnownKey): void {
    const sameId = this.keys.get(known.key.id);
    if (sameId === undefined) this.keys.set(known.key.id, [known]);
    else sameId.push(known);
  }

  /** Another tenant's key of that id stays: no record changes what another tenant's key opens. */
  private forgetKey(id: string, tenantId: string): void {
    const others = (this.keys.get(id) ?? []).filter(({ tenant }) => tenant.id !== tenantId);
    if (others.length > 0) this.keys.set(id, others);
    else this.keys.delete(id);
  }

  /** Forgets every record, as if the view were new: `loading` until the sentinel has come by again. */
  forget(): void {
    this.tenants.clear();
    this.keys.clear();
    this.sentinelSeen = false;
  }

  /** The tenant of this id, unless it is unknown or deleted. */
  tenant(id: string): KnownTenant | null {
    const known = this.tenants.get(id);
    return known === undefined || known.record.state === 'deleted' ? null : known;
  }

  private find(id: string, presentedKey: string): KnownKey | null {
    const sameId = this.keys.get(id);
    if (sameId !== undefined) return sameId.find(({ hash }) => apiKeyMatches(presentedKey, hash)) ?? null;
    apiKeyMatches(presentedKey, null); // as long as where there is one
    return null;
  }

  /** Tells whose key this is, from memory, in constant work whether the key exists or not. `now` in epoch milliseconds. */
  authenticate(presentedKey: string, now: number): Authentication {
    if (this.state !== 'ready') return UNAVAILABLE;
    const id = apiKeyId(presentedKey);
    const known = id === null ? null : this.find(id, presentedKey);
    if (known === null) return this.progress.ageMs() > this.freshMs ? UNAVAILABLE : UNKNOWN;

    const { tenant, key } = known;
    // Revoked is revoked, whatever the clocks of the two machines say about when.
    if (key.revoked_at !== null) return REVOKED;
    if (key.expires_at !== null && key.expires_at <= now) return EXPIRED;
    // `suspended`, and any state that this version does not know.
    if (tenant.record.state !== 'active') return { kind: 'suspended', tenant };
    return { kind: 'ok', tenant, key };
  }
}

/** Whether a key may be used for this. */
export function hasScope(key: TenantKey, scope: Scope): boolean {
  return key.scopes.includes(scope);
}

const UNAVAILABLE: Authentication = { kind: 'unavailable' };
const UNKNOWN: Authentication = { kind: 'unknown' };
const REVOKED: Authentication = { kind: 'revoked' };
const EXPIRED: Authentication = { kind: 'expired' };
