import { DEFAULT_LIMITS, type TenantLimits } from '@weir/avro';

import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Transaction } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import type { Messages } from '../messages/messages.js';
import { checkVersion, type IfMatch } from './precondition.js';
import { keysOf, limitsIn, lockTenant, tenantRecord, type TenantRow, tenantRow } from './tenant-rows.js';
import { type TenantView, tenantView } from './views.js';

export interface NewTenant {
  readonly tenantId: string;
  readonly name: string;
  readonly limits: TenantLimits;
}

/** What is other than before; what is not named stays. */
export interface TenantChanges {
  readonly name?: string;
  /** Given the limits that are, answers those that shall be. */
  readonly limits?: (known: TenantLimits) => TenantLimits;
  readonly state?: TenantRow['state'];
}

/** What is asked for in a change, and by whom. */
export interface Asked {
  readonly call: Call;
  readonly id: string;
  readonly ifMatch: IfMatch;
  /** Whether a caller who names no version is refused. */
  readonly versionRequired: boolean;
}

/**
 * Tenants, and what every service knows of them.
 *
 * A change is one transaction: 1. the row is locked, 2. its version grows, 3. the record for the topic `tenants` and the audit's entry
 * go into the outbox, 4. commit. So no version is told twice, none is told out of order, and what was accepted is told.
 */
export class Tenants {
  constructor(
    private readonly database: Database,
    private readonly messages: Messages,
    private readonly trail: AuditTrail,
  ) {}

  async get(id: string): Promise<TenantView> {
    return tenantView(await tenantRow(this.database, id));
  }

  /** By id. */
  async list(state: TenantRow['state'] | null, { limit, cursor }: PageRequest): Promise<Page<TenantView>> {
    const question = JSON.stringify(['tenants', state]);
    const rows = await this.database.query<TenantRow>(
      'SELECT * FROM admin.tenants WHERE id > $1 AND ($2::text IS NULL OR state = $2) ORDER BY id LIMIT $3',
      [placeOf(question, cursor) ?? '', state, limit + 1],
    );
    return pageOf(rows, limit, question, { item: tenantView, place: ({ id }) => id });
  }

  create(call: Call, { tenantId, name, limits }: NewTenant): Promise<TenantView> {
    return this.database.transaction(async (transaction) => {
      const [row] = await transaction.query<TenantRow>(
        `INSERT INTO admin.tenants (id, name, state, version, limits) VALUES ($1, $2, 'active', 1, $3)
         ON CONFLICT (id) DO NOTHING RETURNING *`,
        [tenantId, name, { ...DEFAULT_LIMITS, ...limits }],
      );
      if (row === undefined) throw new AdminRefusal('tenant_exists');
      await this.tell(transaction, call, row, { before: null, after: tenantView(row) });
      return tenantView(row);
    });
  }

  /** What is as it shall be already grows no version, and is told to nobody. */
  change(asked: Asked, changes: TenantChanges): Promise<TenantView> {
    return this.database.transaction(async (transaction) => {
      const row = await this.locked(transaction, asked);
      const limits = changes.limits?.(limitsIn(row)) ?? limitsIn(row);
      const { name = row.name, state = row.state } = changes;
      const wanted = { ...row, name, state, limits };
      if (JSON.stringify(tenantView(wanted)) === JSON.stringify(tenantView(row))) return tenantView(row);
      if (state === 'deleted')
        await transaction.query(
          'UPDATE admin.tenant_keys SET revoked_at = now() WHERE tenant_id = $1 AND revoked_at IS NULL',
          [row.id],
        );
      const changed = await this.nextVersion(transaction, wanted);
      await this.tell(transaction, asked.call, changed, { before: tenantView(row), after: tenantView(changed) });
      return tenantView(changed);
    });
  }

  /** Locks a tenant that may be changed, in the version that the caller means. */
  async locked(transaction: Transaction, { id, ifMatch, versionRequired }: Asked): Promise<TenantRow> {
    const row = await lockTenant(transaction, id);
    if (row.state === 'deleted') throw new AdminRefusal('tenant_deleted');
    checkVersion(row, ifMatch, { required: versionRequired });
    return row;
  }

  /** Writes the row as the tenant's next version. It is locked. */
  async nextVersion(transaction: Transaction, { id, name, state, limits }: TenantRow): Promise<TenantRow> {
    const [row] = await transaction.query<TenantRow>(
      `UPDATE admin.tenants SET name = $2, state = $3, limits = $4, version = version + 1,
         updated_at = greatest(updated_at, clock_timestamp())
       WHERE id = $1 RETURNING *`,
      [id, name, state, limits],
    );
    if (row === undefined) throw new AdminRefusal('tenant_not_found');
    return row;
  }

  /** Tells every service, and the audit. */
  async tell(
    transaction: Transaction,
    call: Call,
    row: TenantRow,
    change: { readonly before: object | null; readonly after: object | null },
  ): Promise<void> {
    const keys = (await keysOf(transaction, [row.id])).get(row.id) ?? [];
    await this.messages.tellTenants(transaction, [tenantRecord(row, keys)], call.origin.correlationId);
    await this.trail.changed(transaction, call, { target: `tenant:${row.id}`, ...change });
  }
}
