import { StoreUnavailableError } from '@weir/errors';
import { escapeLiteral, type Pool, type PoolClient } from 'pg';

import { LedgerAccountingError } from './ledger-errors.js';
import {
  isBalanced,
  type LedgerEntry,
  type LedgerReport,
  type PartitionRange,
  type SettledCounts,
} from './settlement.js';

/** A line under its lock. */
export interface LockedLine {
  readonly range: PartitionRange;
  /** What lies below is settled. */
  readonly next: number;
}

/** How far a line moves. */
export interface LineMove {
  readonly range: PartitionRange;
  readonly counts: SettledCounts;
}

/**
 * Begins a transaction, makes the lines that are missing, locks them all, and reads `next` under the lock. A line begins at 0, whatever
 * comes first: what lies before the first record that anyone read has to be explained too. In the order of topic id and partition, so that two members with overlapping batches cannot wait for each other.
 *
 * In one round trip, hence with literals: a query with parameters holds one statement.
 */
export async function beginWithLines(client: PoolClient, ranges: readonly PartitionRange[]): Promise<LockedLine[]> {
  const lines = ranges.map(
    ({ topicId, partition, topic }, at) => `(${uuid(topicId)}, ${integer(partition)}, ${escapeLiteral(topic)}, ${at})`,
  );
  // A statement that waited for a line has to see what its holder committed: READ COMMITTED, whatever the default.
  const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';
  if (lines.length === 0) {
    await client.query(begin);
    return [];
  }
  const batch = `(VALUES ${lines.join(', ')}) AS r (topic_id, partition, topic, at)`;
  const results: unknown = await client.query(`${begin};
    INSERT INTO metrics.ledger (topic_id, partition, topic, first, next)
    SELECT topic_id, partition, topic, 0, 0 FROM ${batch} ORDER BY topic_id, partition
    ON CONFLICT (topic_id, partition) DO NOTHING;
    SELECT r.at, l.next FROM metrics.ledger l JOIN ${batch} USING (topic_id, partition)
    ORDER BY l.topic_id, l.partition FOR UPDATE OF l`);
  const next = new Map((lastOf(results)?.rows ?? []).map((row) => [Number(row['at']), Number(row['next'])]));
  return ranges.map((range, at) => ({ range, next: next.get(at) ?? 0 }));
}

/** Moves locked lines to their ranges' `to` and commits, in one round trip. Rejects where the answer is not that it was committed. */
export async function moveLinesAndCommit(client: PoolClient, moves: readonly LineMove[]): Promise<void> {
  const rows = moves.map(({ range: { topicId, partition, to }, counts }) => {
    const { stored, deadLettered, gap, expired = 0, skipped = 0 } = counts;
    return [uuid(topicId), ...[partition, to, stored, deadLettered, gap, expired, skipped].map(integer)].join(', ');
  });
  const update = `
    UPDATE metrics.ledger l
    SET next = m.next, stored = l.stored + m.stored, dead_lettered = l.dead_lettered + m.dead_lettered,
        gap = l.gap + m.gap, expired = l.expired + m.expired, skipped = l.skipped + m.skipped
    FROM (VALUES (${rows.join('), (')})) AS m (topic_id, partition, next, stored, dead_lettered, gap, expired, skipped)
    WHERE l.topic_id = m.topic_id AND l.partition = m.partition;`;
  const results: unknown = await client.query(`${rows.length === 0 ? '' : update} COMMIT`);
  const command = lastOf(results)?.command ?? 'nothing';
  // A transaction that failed earlier is rolled back by COMMIT, without an error.
  if (command !== 'COMMIT') throw new StoreUnavailableError(`COMMIT answered ${command}`);
}

function uuid(text: string): string {
  return `${escapeLiteral(text)}::uuid`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new LedgerAccountingError(`${value} is no count and no offset`);
  return `${value}::bigint`;
}

interface AnyResult {
  readonly command: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

function isResult(value: unknown): value is AnyResult {
  return typeof value === 'object' && value !== null && 'command' in value && 'rows' in value;
}

/** A query of several statements has as many results, which node-postgres' declarations do not know. */
function lastOf(results: unknown): AnyResult | undefined {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  return isResult(last) ? last : undefined;
}

/** The whole ledger, sorted by topic and partition. */
export async function readLedger(pool: Pool): Promise<LedgerReport> {
  const { rows } = await pool.query<Record<keyof LedgerEntry, string>>(
    `SELECT topic, topic_id, partition, first, next, stored, dead_lettered, gap, expired, skipped
     FROM metrics.ledger ORDER BY topic, topic_id, partition`,
  );
  const partitions = rows.map((row) => ({
    topic: row.topic,
    topic_id: row.topic_id,
    partition: Number(row.partition),
    first: Number(row.first),
    next: Number(row.next),
    stored: Number(row.stored),
    dead_lettered: Number(row.dead_lettered),
    gap: Number(row.gap),
    expired: Number(row.expired),
    skipped: Number(row.skipped),
  }));
  return { balanced: partitions.every(isBalanced), partitions };
}
