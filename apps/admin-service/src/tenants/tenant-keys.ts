import { generateApiKey, type Scope } from '@weir/tenancy';

import type { Database } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import { isLive, type TenantKeyRow, tenantRow } from './tenant-rows.js';
import type { Asked, Tenants } from './tenants.js';
import { keyView, type NewTenantKey, type TenantKeyView } from './views.js';

export interface WantedKey {
  readonly label: string;
  readonly scopes: readonly Scope[];
  /** Epoch milliseconds; null is never. */
  readonly expiresAt: number | null;
}

/** One is in use, and one is to replace it. */
const MOST_LIVE_KEYS = 2;

/** API keys of tenants: made, shown once, and revoked. Each is a change of its tenant. */
export class TenantKeys {
  constructor(
    private readonly database: Database,
    private readonly tenants: Tenants,
  ) {}

  /** By id, dead ones among them. */
  async list(tenantId: string, { limit, cursor }: PageRequest): Promise<Page<TenantKeyView>> {
    const question = JSON.stringify(['keys', tenantId]);
    await tenantRow(this.database, tenantId);
    const rows = await this.database.query<TenantKeyRow>(
      'SELECT * FROM admin.tenant_keys WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3',
      [tenantId, placeOf(question, cursor) ?? '', limit + 1],
    );
    return pageOf(rows, limit, question, { item: keyView, place: ({ id }) => id });
  }

  issue(asked: Asked, { label, scopes, expiresAt }: WantedKey): Promise<NewTenantKey> {
    return this.database.transaction(async (transaction) => {
      const tenant = await this.tenants.locked(transaction, asked);
      const known = await transaction.query<TenantKeyRow>('SELECT * FROM admin.tenant_keys WHERE tenant_id = $1', [
        tenant.id,
      ]);
      const now = new Date();
      if (known.filter((key) => isLive(key, now)).length >= MOST_LIVE_KEYS) throw new AdminRefusal('too_many_keys');
      const { id, key, hash } = generateApiKey();
      const [row] = await transaction.query<TenantKeyRow>(
        `INSERT INTO admin.tenant_keys (id, tenant_id, hash, label, scopes, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
        [id, tenant.id, hash, label, scopes, asked.call.actor.id, expiresAt === null ? null : new Date(expiresAt)],
      );
      if (row === undefined) throw new Error('The key was not inserted.');
      const after = keyView(row);
      await this.tenants.tell(transaction, asked.call, await this.tenants.nextVersion(transaction, tenant), {
        before: null,
        after,
      });
      return { ...after, key };
    });
  }

  /** Every service refuses the key within 2 seconds while Kafka is reachable. Revoking a revoked key changes nothing. */
  revoke(asked: Asked, keyId: string): Promise<TenantKeyView> {
    return this.database.transaction(async (transaction) => {
      const tenant = await this.tenants.locked(transaction, asked);
      const mine = [tenant.id, keyId];
      const [row] = await transaction.query<TenantKeyRow>(
        'SELECT * FROM admin.tenant_keys WHERE tenant_id = $1 AND id = $2',
        mine,
      );
      if (row === undefined) throw new AdminRefusal('key_not_found');
      if (row.revoked_at !== null) return keyView(row);
      const [revoked = row] = await transaction.query<TenantKeyRow>(
        'UPDATE admin.tenant_keys SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 RETURNING *',
        mine,
      );
      const change = { before: keyView(row), after: keyView(revoked) };
      await this.tenants.tell(transaction, asked.call, await this.tenants.nextVersion(transaction, tenant), change);
      return change.after;
    });
  }
}
