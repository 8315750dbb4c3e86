import { createHash } from 'node:crypto';

import { type KafkaAdmin, parseIdentity } from '@weir/kafka';

import { conditionOfSelection, type Selection } from '../dead-letters/selection.js';
import { type DeadLetterRow, LETTER_COLUMNS, letterId } from '../dead-letters/views.js';
import type { Session } from '../database/database.js';
import { AdminRefusal } from '../http/problems.js';

/** The most records of one replay: beginning it takes PostgreSQL a quarter of a millisecond for each, and the caller waits. */
const MAX_RECORDS = 100_000;

/** A record that is to be replayed: its newest dead letter, and the count that the replay gives it. */
export interface PlannedRecord {
  readonly letter: DeadLetterRow;
  readonly replayCount: number;
}

/** Why a selected record is not replayed. */
type Exclusion =
  'recovered' | 'discarded' | 'replaying' | 'parked' | 'superseded' | 'expired' | 'truncated' | 'unreadable';

/** What a selection comes to at this moment. */
export interface Plan {
  /** By topic, partition and offset of the failed records: the order in which they are replayed. */
  readonly records: readonly PlannedRecord[];
  readonly excluded: Readonly<Partial<Record<Exclusion, number>>>;
  /** Of all that a replay would do: the same hash is the same replay. */
  readonly hash: string;
}

/** Offset of the first record that is still there, by partition of `metrics.dlq`. */
export type FirstOffsets = ReadonlyMap<number, number>;

export async function firstOffsets(admin: Pick<KafkaAdmin, 'watermarks'>, topic: string): Promise<FirstOffsets> {
  return new Map((await admin.watermarks([topic])).map(({ partition, low }) => [partition, low]));
}

/**
 * What would be replayed now. Whether a newer value is stored already is not asked: the replay finds out, and answers `repeated`.
 *
 * Throws AdminRefusal `plan_too_large`.
 */
export async function plan(session: Session, selection: Selection, first: FirstOffsets): Promise<Plan> {
  const { sql, values } = conditionOfSelection(selection);
  const rows = await session.query<DeadLetterRow & { readonly issued: number | null }>(
    `SELECT ${LETTER_COLUMNS}, r.issued FROM admin.dead_letters d LEFT JOIN admin.dead_letter_decisions r USING (identity)
     WHERE ${sql} AND d.state IN ('open', 'failed_again')
     ORDER BY d.topic, d.partition, d.origin_offset, d.dlq_partition, d.dlq_offset LIMIT ${MAX_RECORDS + 1}`,
    values,
  );
  if (rows.length > MAX_RECORDS) throw new AdminRefusal('plan_too_large', { most: MAX_RECORDS });
  const others = await session.query<{ state: Exclusion; count: string }>(
    `SELECT d.state, count(*) AS count FROM admin.dead_letters d WHERE ${sql} AND d.state NOT IN ('open', 'failed_again') GROUP BY 1`,
    values,
  );
  const excluded: Partial<Record<Exclusion, number>> = {};
  for (const { state, count } of others) excluded[state] = Number(count);
  const records: PlannedRecord[] = [];
  for (const row of rows) {
    const why = excludedBy(row, first);
    if (why === null) records.push({ letter: row, replayCount: Math.max(row.replay_count, row.issued ?? 0) + 1 });
    else excluded[why] = (excluded[why] ?? 0) + 1;
  }
  return { records, excluded, hash: hashOf(records) };
}

function excludedBy(row: DeadLetterRow, first: FirstOffsets): Exclusion | null {
  if (Number(row.dlq_offset) < (first.get(row.dlq_partition) ?? 0)) return 'expired';
  if (Number(row.omitted_bytes) > 0) return 'truncated';
  return parseIdentity(row.identity) === null ? 'unreadable' : null;
}

function hashOf(records: readonly PlannedRecord[]): string {
  const hash = createHash('sha256');
  for (const { letter, replayCount } of records)
    hash.update(`${letterId(letter)} ${letter.value_sha256.toString('hex')} ${letter.identity} ${replayCount}\n`);
  return hash.digest('hex');
}
