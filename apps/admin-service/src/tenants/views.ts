import { limitsIn, type TenantKeyRow, type TenantRow } from './tenant-rows.js';
import { limitsView, type LimitsView } from './limits.js';

/** A tenant as operators see it. */
export interface TenantView {
  readonly tenantId: string;
  readonly name: string;
  readonly state: TenantRow['state'];
  /** Grows with each change; also the `ETag`. */
  readonly version: number;
  readonly limits: LimitsView;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A tenant's key as operators see it: never its secret, nor the hash of it. */
export interface TenantKeyView {
  readonly keyId: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

/** A new key, which is shown this once. */
export interface NewTenantKey extends TenantKeyView {
  /** `wk_<id>_<secret>` */
  readonly key: string;
}

export function tenantView(row: TenantRow): TenantView {
  const { id: tenantId, name, state, version, created_at, updated_at } = row;
  const limits = limitsView(limitsIn(row));
  const times = { createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
  return { tenantId, name, state, version: Number(version), limits, ...times };
}

export function keyView({ id, label, scopes, created_at, created_by, ...row }: TenantKeyRow): TenantKeyView {
  return {
    keyId: id,
    label,
    scopes,
    createdBy: created_by,
    createdAt: created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
