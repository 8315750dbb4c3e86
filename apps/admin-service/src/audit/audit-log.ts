import type { Database } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { dateOf } from '../http/time.js';

/** Times in epoch milliseconds: `from` inclusive, `to` exclusive. Null asks for all. */
export interface AuditFilter {
  readonly actor: string | null;
  readonly action: string | null;
  readonly target: string | null;
  readonly result: string | null;
  readonly from: number | null;
  readonly to: number | null;
}

/** An entry as operators see it. */
export interface AuditView {
  readonly entryId: string;
  readonly at: string;
  readonly actor: string;
  readonly actorName: string;
  readonly role: string;
  readonly action: string;
  readonly target: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly result: string;
  readonly status: number;
  readonly correlationId: string | null;
  readonly count: number;
}

interface AuditRow {
  readonly id: string;
  readonly entry_id: string;
  readonly at: Date;
  readonly actor: string;
  readonly actor_name: string;
  readonly role: string;
  readonly action: string;
  readonly target: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly result: string;
  readonly status: number;
  readonly correlation_id: string | null;
  readonly count: number;
}

/** Reads the audit. */
export class AuditLog {
  constructor(private readonly database: Database) {}

  /** Newest first, in the order in which entries were written. */
  async list(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditView>> {
    const question = JSON.stringify(['audit', filter]);
    const { actor, action, target, result, from, to } = filter;
    const rows = await this.database.query<AuditRow>(
      `SELECT * FROM admin.audit
       WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2)
         AND ($3::text IS NULL OR target = $3) AND ($4::text IS NULL OR result = $4)
         AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
         AND ($7::bigint IS NULL OR id < $7)
       ORDER BY id DESC LIMIT $8`,
      [actor, action, target, result, dateOf(from), dateOf(to), placeOf(question, cursor), limit + 1],
    );
    return pageOf(rows, limit, question, { item: viewOf, place: ({ id }) => id });
  }
}

function viewOf(row: AuditRow): AuditView {
  const { entry_id: entryId, at, actor, actor_name: actorName, role, action, target, before, after } = row;
  const { address, user_agent: userAgent, result, status, correlation_id: correlationId, count } = row;
  const what = { entryId, at: at.toISOString(), actor, actorName, role, action, target, before, after };
  return { ...what, address, userAgent, result, status, correlationId, count };
}
