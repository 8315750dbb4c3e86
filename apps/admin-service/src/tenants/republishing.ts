import { sentinelRecord } from '@weir/tenancy';

import type { Deed } from '../audit/audit-trail.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Transaction } from '../database/database.js';
import type { Messages } from '../messages/messages.js';
import { keysOf, tenantRecord, type TenantRow } from './tenant-rows.js';

const CHUNK = 500;

/** The topic as it is now, and as it was when all tenants were last told. */
export interface PublishedTopic {
  readonly topic: string;
  readonly topicId: string;
}

export interface Republished {
  readonly tenants: number;
}

/** Tells all tenants, and the sentinel, again: to a topic that lost them, or was never told. */
export class Republishing {
  constructor(
    private readonly database: Database,
    private readonly messages: Messages,
    private readonly trail: AuditTrail,
  ) {}

  /** Which topic was last told all; null where none was. */
  async lastTold(topic: string): Promise<{ readonly topicId: string; readonly at: Date } | null> {
    const [row] = await this.database.query<{ topic_id: string; published_at: Date }>(
      'SELECT topic_id, published_at FROM admin.published_topics WHERE topic = $1',
      [topic],
    );
    return row === undefined ? null : { topicId: row.topic_id, at: row.published_at };
  }

  /**
   * Readers that know a tenant already ignore it, since the versions are the same; one that begins anew serves nobody before the sentinel, which
   * comes last. Holds every tenant's row, so that no change comes between a version and its message.
   */
  republish(published: PublishedTopic, by: Pick<Deed, 'actor' | 'origin' | 'action' | 'status'>): Promise<Republished> {
    return this.database.transaction(async (transaction) => {
      await transaction.query(
        `INSERT INTO admin.published_topics (topic, topic_id) VALUES ($1, $2)
         ON CONFLICT (topic) DO UPDATE SET topic_id = excluded.topic_id, published_at = now()`,
        [published.topic, published.topicId],
      );
      const rows = await transaction.query<TenantRow>('SELECT * FROM admin.tenants ORDER BY id FOR UPDATE');
      for (let at = 0; at < rows.length; at += CHUNK)
        await this.tell(transaction, rows.slice(at, at + CHUNK), by.origin.correlationId);
      await this.messages.tellTenants(transaction, [sentinelRecord(Date.now())], by.origin.correlationId);
      const after = { ...published, tenants: rows.length };
      await this.trail.write(transaction, {
        ...by,
        target: `topic:${published.topic}`,
        before: null,
        after,
        result: 'ok',
      });
      return { tenants: rows.length };
    });
  }

  private async tell(
    transaction: Transaction,
    rows: readonly TenantRow[],
    correlationId: string | null,
  ): Promise<void> {
    const keys = await keysOf(
      transaction,
      rows.map(({ id }) => id),
    );
    const records = rows.map((row) => tenantRecord(row, keys.get(row.id) ?? []));
    await this.messages.tellTenants(transaction, records, correlationId);
  }
}
