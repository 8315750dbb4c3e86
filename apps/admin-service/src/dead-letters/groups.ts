import type { Database } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { dateOf } from '../http/time.js';
import { AdminRefusal } from '../http/problems.js';
import type { LetterState } from './state.js';
import { SUPERSEDED } from './state.js';

/** Null asks for all. Times in epoch milliseconds, of when the group was last seen: `from` inclusive, `to` exclusive. */
export interface GroupFilter {
  readonly tenant: string | null;
  readonly class: string | null;
  readonly reason: string | null;
  readonly schemaId: number | null;
  readonly text: string | null;
  /** Groups of which at least one is in this state. */
  readonly state: LetterState | null;
  readonly from: number | null;
  readonly to: number | null;
}

/** Dead letters that share class, reason, error without its particulars, schema id and tenant. */
export interface GroupView {
  readonly fingerprint: string;
  readonly class: string;
  readonly reason: string;
  /** The error of one of them, and what all of them have in common of it. */
  readonly error: string;
  readonly pattern: string;
  readonly tenantId: string | null;
  readonly schemaId: number | null;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Of the services that gave the records up. */
  readonly serviceVersions: readonly string[];
  /** Records by state; those without any are left out. */
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
  /** One of them. */
  readonly sample: string;
  /** When one of them was recovered last; null where none was. */
  readonly recoveredAt: string | null;
  /** Whether records have come into the group since one of it was recovered. */
  readonly cameBack: boolean;
}

interface GroupRow {
  readonly fingerprint: string;
  readonly class: string;
  readonly reason: string;
  readonly error: string;
  readonly pattern: string;
  readonly tenant_id: string | null;
  readonly schema_id: number | null;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly service_versions: readonly string[];
  readonly sample_partition: number;
  readonly sample_offset: string;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly recovered_at: Date | null;
}

const GROUPS = `
  SELECT g.*, c.counts, r.recovered_at
  FROM admin.dead_letter_groups g
  LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(state, count) AS counts FROM admin.dead_letter_counts
    WHERE fingerprint = g.fingerprint AND count > 0 AND state <> '${SUPERSEDED}'
  ) c ON true
  LEFT JOIN admin.dead_letter_recoveries r ON r.fingerprint = g.fingerprint`;

/** Reads groups of dead letters. */
export class LetterGroups {
  constructor(private readonly database: Database) {}

  /** Last seen first. */
  async list(filter: GroupFilter, { limit, cursor }: PageRequest): Promise<Page<GroupView>> {
    const question = JSON.stringify(['dead letter groups', filter]);
    const place = placeOf(question, cursor);
    const [lastSeen = '', fingerprint = ''] = place?.split('/') ?? [];
    const rows = await this.database.query<GroupRow>(
      `${GROUPS}
       WHERE ($1::text IS NULL OR g.tenant_id = $1) AND ($2::text IS NULL OR g.class = $2) AND ($3::text IS NULL OR g.reason = $3)
         AND ($4::int IS NULL OR g.schema_id = $4) AND ($5::text IS NULL OR g.words @@ plainto_tsquery('simple', $5))
         AND ($6::text IS NULL OR EXISTS (
           SELECT FROM admin.dead_letter_counts s WHERE s.fingerprint = g.fingerprint AND s.state = $6 AND s.count > 0))
         AND ($7::timestamptz IS NULL OR g.last_seen >= $7) AND ($8::timestamptz IS NULL OR g.last_seen < $8)
         AND ($9::timestamptz IS NULL OR (g.last_seen, g.fingerprint) < ($9, $10))
       ORDER BY g.last_seen DESC, g.fingerprint DESC LIMIT $11`,
      [
        filter.tenant,
        filter.class,
        filter.reason,
        filter.schemaId,
        filter.text,
        filter.state,
        dateOf(filter.from),
        dateOf(filter.to),
        place === null ? null : new Date(Number(lastSeen)),
        fingerprint,
        limit + 1,
      ],
    );
    return pageOf(rows, limit, question, {
      item: groupView,
      place: (row) => `${row.last_seen.getTime()}/${row.fingerprint}`,
    });
  }

  /** Throws AdminRefusal `group_not_found`. */
  async get(fingerprint: string): Promise<GroupView> {
    const [row] = await this.database.query<GroupRow>(`${GROUPS} WHERE g.fingerprint = $1`, [fingerprint]);
    if (row === undefined) throw new AdminRefusal('group_not_found');
    return groupView(row);
  }
}

function groupView(row: GroupRow): GroupView {
  const counts = row.counts ?? {};
  return {
    fingerprint: row.fingerprint,
    class: row.class,
    reason: row.reason,
    error: row.error,
    pattern: row.pattern,
    tenantId: row.tenant_id,
    schemaId: row.schema_id,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    serviceVersions: row.service_versions,
    counts,
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
    sample: `${row.sample_partition}-${row.sample_offset}`,
    recoveredAt: row.recovered_at?.toISOString() ?? null,
    cameBack: row.recovered_at !== null && row.last_seen > row.recovered_at,
  };
}
