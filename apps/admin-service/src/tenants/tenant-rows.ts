import { DEFAULT_LIMITS, type Tenant, type TenantLimits, type TenantState } from '@weir/avro';

import type { Session, Transaction } from '../database/database.js';
import { AdminRefusal } from '../http/problems.js';

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly state: Exclude<TenantState, 'sentinel'>;
  readonly version: string;
  readonly limits: Partial<TenantLimits>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface TenantKeyRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly hash: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly created_at: Date;
  readonly created_by: string;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

/** A key that opens nothing any more may be left out of a record: it is then unknown, and refused as well. */
const MOST_KEYS_TOLD = 20;

export async function tenantRow(session: Session, id: string, lock = ''): Promise<TenantRow> {
  const [row] = await session.query<TenantRow>(`SELECT * FROM admin.tenants WHERE id = $1 ${lock}`, [id]);
  if (row === undefined) throw new AdminRefusal('tenant_not_found');
  return row;
}

/** Holds the tenant until the transaction ends: versions, and the messages that carry them, have one order. */
export function lockTenant(transaction: Transaction, id: string): Promise<TenantRow> {
  return tenantRow(transaction, id, 'FOR UPDATE');
}

/** The keys of these tenants that services are told of: the live ones, then those that died last. By tenant. */
export async function keysOf(session: Session, ids: readonly string[]): Promise<Map<string, TenantKeyRow[]>> {
  const rows = await session.query<TenantKeyRow>(
    `SELECT * FROM (
       SELECT *, row_number() OVER (
         PARTITION BY tenant_id
         ORDER BY coalesce(least(revoked_at, expires_at), 'infinity') DESC, id
       ) AS place
       FROM admin.tenant_keys WHERE tenant_id = ANY ($1)
     ) AS ranked
     WHERE place <= ${MOST_KEYS_TOLD} ORDER BY tenant_id, place`,
    [ids],
  );
  const byTenant = new Map<string, TenantKeyRow[]>(ids.map((id) => [id, []]));
  for (const row of rows) byTenant.get(row.tenant_id)?.push(row);
  return byTenant;
}

/** Limits that this version knows and the row lacks are the service's own. */
export function limitsIn({ limits }: Pick<TenantRow, 'limits'>): TenantLimits {
  return { ...DEFAULT_LIMITS, ...limits };
}

/** What the topic `tenants` says of a tenant. */
export function tenantRecord(row: TenantRow, keys: readonly TenantKeyRow[]): Tenant {
  return {
    tenant_id: row.id,
    name: row.name,
    state: row.state,
    version: Number(row.version),
    limits: limitsIn(row),
    keys: keys.map(({ id, hash, scopes, expires_at, revoked_at }) => ({
      id,
      hash,
      scopes,
      expires_at: expires_at?.getTime() ?? null,
      revoked_at: revoked_at?.getTime() ?? null,
    })),
    updated_at: row.updated_at.getTime(),
  };
}

export function isLive({ revoked_at, expires_at }: TenantKeyRow, now: Date): boolean {
  return revoked_at === null && (expires_at === null || expires_at > now);
}
