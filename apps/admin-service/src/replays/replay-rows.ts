import type { Session, Transaction } from '../database/database.js';
import { lockRecords } from '../dead-letters/state.js';
import { AdminRefusal } from '../http/problems.js';

export type ReplayState = 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed';

/** A replay as it is read. */
export interface ReplayRow {
  readonly id: string;
  readonly state: ReplayState;
  /** Why it is paused: `operator` or `canary_failed`. */
  readonly why: string | null;
  readonly selection: object;
  readonly plan_hash: string;
  readonly records: number;
  readonly rate: number;
  readonly chunk_records: number;
  readonly max_attempts: number;
  readonly canary_records: number | null;
  readonly canary_max_failed: number | null;
  readonly canary: 'waiting' | 'passed' | 'failed' | null;
  readonly max_lag: string | null;
  /** What it waits for though it runs: `consumer_lag`. */
  readonly held_by: string | null;
  readonly next_chunk: number;
  /** Of the call that began it; null where its trace is not recorded. */
  readonly traceparent: string | null;
  readonly created_at: Date;
  readonly created_by: string;
  readonly finished_at: Date | null;
}

/** Throws AdminRefusal `replay_not_found`. */
export async function replayRow(session: Session, id: string): Promise<ReplayRow> {
  const [row] = await session.query<ReplayRow>('SELECT * FROM admin.replays WHERE id = $1', [id]);
  if (row === undefined) throw new AdminRefusal('replay_not_found');
  return row;
}

/** Whoever changes anything of a replay holds its row, so that issuing, answers and operators come one after the other. */
export async function lockReplays(transaction: Transaction, ids: readonly string[]): Promise<ReplayRow[]> {
  return transaction.query<ReplayRow>(
    'SELECT * FROM admin.replays WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE',
    [ids],
  );
}

/**
 * Takes back the counts of records that this replay let go without publishing them: it was no attempt, and parks nobody. Nothing with such a
 * count is on its way: it was never issued, or all of its chunk is answered.
 */
export async function giveCountsBack(
  transaction: Transaction,
  id: string,
  identities: readonly string[],
): Promise<void> {
  if (identities.length === 0) return;
  await lockRecords(transaction, identities);
  await transaction.query(
    `UPDATE admin.dead_letter_decisions r SET issued = i.replay_count - 1 FROM admin.replay_items i
     WHERE i.replay_id = $1 AND i.identity = ANY ($2::text[]) AND r.identity = i.identity AND r.issued = i.replay_count`,
    [id, identities],
  );
}

/** What a canary has come to in the row `r` of its replay, all of whose records have an end. */
const CANARY = `
  CASE WHEN r.canary IS DISTINCT FROM 'waiting' THEN r.canary
    WHEN (SELECT count(*) FILTER (WHERE i.outcome IS NULL OR i.outcome NOT IN ('applied', 'repeated'))::float8 / count(*)
          FROM admin.replay_items i WHERE i.replay_id = r.id AND i.item < r.canary_records) > coalesce(r.canary_max_failed, 0)
      THEN 'failed'
    ELSE 'passed'
  END`;

/**
 * Once all of the canary's records have an end: on with the rest, or paused until somebody has looked. Answers which; null before. The caller
 * holds the replay's row.
 */
export async function judgeCanary(transaction: Transaction, id: string): Promise<ReplayRow['canary']> {
  const [judged] = await transaction.query<Pick<ReplayRow, 'canary'>>(
    `WITH judged AS (
       SELECT ${CANARY} AS verdict FROM admin.replays r
       WHERE r.id = $1 AND NOT EXISTS (SELECT FROM admin.replay_items i WHERE i.replay_id = r.id AND i.held AND i.item < r.canary_records))
     UPDATE admin.replays SET canary = verdict, next_issue_at = now(),
       state = CASE verdict WHEN 'failed' THEN 'paused' ELSE state END, why = CASE verdict WHEN 'failed' THEN 'canary_failed' ELSE why END
     FROM judged WHERE id = $1 RETURNING canary`,
    [id],
  );
  return judged?.canary ?? null;
}

/**
 * Ends replays of which nothing more is to come: one that has heard of all its records, and a cancelled one whose chunks have all
 * answered (guarantees, rule 20). The caller holds their rows.
 */
export async function finish(transaction: Transaction, ids: readonly string[]): Promise<void> {
  await transaction.query(
    `UPDATE admin.replays r SET state = 'completed', finished_at = now(), canary = ${CANARY}
     WHERE id = ANY ($1::text[]) AND state IN ('running', 'paused')
       AND NOT EXISTS (SELECT FROM admin.replay_items i WHERE i.replay_id = r.id AND i.held)`,
    [ids],
  );
  await transaction.query(
    `UPDATE admin.replays r SET state = 'cancelled', finished_at = now()
     WHERE id = ANY ($1::text[]) AND state = 'cancelling'
       AND NOT EXISTS (SELECT FROM admin.replay_chunks c WHERE c.replay_id = r.id AND c.unanswered > 0)`,
    [ids],
  );
}
