import type { Database } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { type ReplayRow, replayRow } from './replay-rows.js';

/**
 * Where a record of a replay stands: `waiting` for its chunk; `issued`; `published`, and with the consumer; then what became of it there
 * (`applied`, `repeated`, `failed_again`, `unknown`), or why it was not published.
 */
export const RECORD_STATES = [
  'waiting',
  'issued',
  'published',
  'applied',
  'repeated',
  'failed_again',
  'unknown',
  'expired',
  'mismatch',
  'capped',
  'refused',
  'not_issued',
] as const;

export type RecordState = (typeof RECORD_STATES)[number];

const STATE = "coalesce(i.outcome, i.answer, CASE WHEN i.chunk IS NULL THEN 'waiting' ELSE 'issued' END)";

/** A replay as operators see it. Times in RFC 3339. */
export interface ReplayView {
  readonly id: string;
  readonly state: string;
  /** Why it is paused: `operator`, or `canary_failed`. */
  readonly why: string | null;
  /** What it waits for though it runs: `consumer_lag`. */
  readonly heldBy: string | null;
  readonly records: number;
  /** Records by where they stand; those without any are left out. */
  readonly counts: Readonly<Record<string, number>>;
  readonly rate: number;
  readonly chunkRecords: number;
  readonly canary: { readonly records: number; readonly maxFailed: number; readonly state: string } | null;
  readonly maxLag: number | null;
  readonly selection: object;
  readonly planHash: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly finishedAt: string | null;
}

/** A record of a replay. */
export interface ReplayedRecordView {
  /** Of the dead letter that was replayed. */
  readonly letterId: string;
  readonly identity: string;
  readonly replayCount: number;
  readonly state: string;
  /** Why it was not published, or failed again. */
  readonly reason: string | null;
  /** Where it was published. */
  readonly published: { readonly topic: string; readonly partition: number; readonly offset: number | null } | null;
  /** The dead letter that it became again. */
  readonly failedAs: string | null;
}

interface ItemRow {
  readonly item: number;
  readonly letter: string;
  readonly identity: string;
  readonly replay_count: number;
  readonly state: string;
  readonly reason: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly published_offset: string | null;
  readonly failed_as: string | null;
}

/** Reads replays. */
export class Progress {
  constructor(private readonly database: Database) {}

  async get(id: string): Promise<ReplayView> {
    const row = await replayRow(this.database, id);
    const counts = await this.counts([id]);
    return view(row, counts.get(id) ?? {});
  }

  /** Newest first. */
  async list(state: string | null, { limit, cursor }: PageRequest): Promise<Page<ReplayView>> {
    const question = JSON.stringify(['replays', state]);
    const place = placeOf(question, cursor);
    const rows = await this.database.query<ReplayRow & { readonly place: string }>(
      `SELECT *, extract(epoch FROM created_at)::text || ' ' || id AS place FROM admin.replays
       WHERE ($1::text IS NULL OR state = $1)
         AND ($2::text IS NULL OR (created_at, id) < (to_timestamp(split_part($2, ' ', 1)::numeric::float8), split_part($2, ' ', 2)))
       ORDER BY created_at DESC, id DESC LIMIT $3`,
      [state, place, limit + 1],
    );
    const counts = await this.counts(rows.map(({ id }) => id));
    return pageOf(rows, limit, question, {
      item: (row) => view(row, counts.get(row.id) ?? {}),
      place: (row) => row.place,
    });
  }

  /** In the order of the replay. Throws AdminRefusal `replay_not_found`. */
  async records(
    id: string,
    state: RecordState | null,
    { limit, cursor }: PageRequest,
  ): Promise<Page<ReplayedRecordView>> {
    await replayRow(this.database, id);
    const question = JSON.stringify(['records of a replay', id, state]);
    const rows = await this.database.query<ItemRow>(
      `SELECT i.item, i.dlq_partition || '-' || i.dlq_offset AS letter, i.identity, i.replay_count, ${STATE} AS state,
              coalesce(i.outcome_reason, i.answer_reason) AS reason, i.topic, i.partition, i.published_offset,
              d.dlq_partition || '-' || d.dlq_offset AS failed_as
       FROM admin.replay_items i
       LEFT JOIN admin.dead_letters d ON i.outcome = 'failed_again' AND d.identity = i.identity AND d.replay_count = i.replay_count
       WHERE i.replay_id = $1 AND ($2::text IS NULL OR ${STATE} = $2) AND i.item > $3 ORDER BY i.item LIMIT $4`,
      [id, state, placeOf(question, cursor) ?? -1, limit + 1],
    );
    return pageOf(rows, limit, question, { item: recordView, place: ({ item }) => String(item) });
  }

  private async counts(ids: readonly string[]): Promise<Map<string, Record<string, number>>> {
    const rows = await this.database.query<{ replay_id: string; state: string; count: string }>(
      `SELECT i.replay_id, ${STATE} AS state, count(*) AS count FROM admin.replay_items i WHERE i.replay_id = ANY ($1::text[]) GROUP BY 1, 2`,
      [ids],
    );
    const counts = new Map<string, Record<string, number>>();
    for (const { replay_id: id, state, count } of rows) counts.set(id, { ...counts.get(id), [state]: Number(count) });
    return counts;
  }
}

function view(row: ReplayRow, counts: Readonly<Record<string, number>>): ReplayView {
  const { canary_records: records, canary_max_failed: maxFailed, canary } = row;
  return {
    id: row.id,
    state: row.state,
    why: row.why,
    heldBy: row.state === 'running' ? row.held_by : null,
    records: row.records,
    counts,
    rate: row.rate,
    chunkRecords: row.chunk_records,
    canary: records === null ? null : { records, maxFailed: maxFailed ?? 0, state: canary ?? 'waiting' },
    maxLag: row.max_lag === null ? null : Number(row.max_lag),
    selection: row.selection,
    planHash: row.plan_hash,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

function recordView(row: ItemRow): ReplayedRecordView {
  const { letter: letterId, identity, replay_count: replayCount, state, reason, topic, partition } = row;
  const offset = row.published_offset === null ? null : Number(row.published_offset);
  const published = topic === null || partition === null ? null : { topic, partition, offset };
  return { letterId, identity, replayCount, state, reason, published, failedAs: row.failed_as };
}
