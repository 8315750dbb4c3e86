import type { Pool, PoolClient } from 'pg';

import type { LedgerEntry, LedgerReport, PartitionRange, SettledCounts } from './settlement.js';

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
 * Makes the lines that are missing (they begin at the range's `from`), locks them all, and reads `next` under the lock. In the
 * order of topic id and partition, so that two members with overlapping batches cannot wait for each other.
 */
export async function lockLines(client: PoolClient, ranges: readonly PartitionRange[]): Promise<LockedLine[]> {
  const topicIds = ranges.map((range) => range.topicId);
  const partitions = ranges.map((range) => range.partition);
  await client.query(
    `INSERT INTO metrics.ledger (topic_id, partition, topic, first, next)
     SELECT topic_id, partition, topic, first, first
     FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bigint[]) AS r (topic_id, partition, topic, first)
     ORDER BY topic_id, partition
     ON CONFLICT (topic_id, partition) DO NOTHING`,
    [topicIds, partitions, ranges.map((range) => range.topic), ranges.map((range) => range.from)],
  );
  const { rows } = await client.query<{ at: string; next: string }>(
    `SELECT r.at, l.next
     FROM metrics.ledger l
     JOIN unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS r (topic_id, partition, at) USING (topic_id, partition)
     ORDER BY l.topic_id, l.partition
     FOR UPDATE OF l`,
    [topicIds, partitions],
  );
  const next = new Map(rows.map((row) => [Number(row.at) - 1, Number(row.next)]));
  return ranges.map((range, i) => ({ range, next: next.get(i) ?? range.from }));
}

/** Moves locked lines to their ranges' `to`. */
export async function moveLines(client: PoolClient, moves: readonly LineMove[]): Promise<void> {
  if (moves.length === 0) return;
  const counts = (of: keyof SettledCounts): number[] => moves.map((move) => move.counts[of] ?? 0);
  await client.query(
    `UPDATE metrics.ledger l
     SET next = m.next, stored = l.stored + m.stored, dead_lettered = l.dead_lettered + m.dead_lettered,
         gap = l.gap + m.gap, expired = l.expired + m.expired
     FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
       AS m (topic_id, partition, next, stored, dead_lettered, gap, expired)
     WHERE l.topic_id = m.topic_id AND l.partition = m.partition`,
    [
      moves.map((move) => move.range.topicId),
      moves.map((move) => move.range.partition),
      moves.map((move) => move.range.to),
      counts('stored'),
      counts('deadLettered'),
      counts('gap'),
      counts('expired'),
    ],
  );
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

function isBalanced({ first, next, stored, dead_lettered, gap, expired, skipped }: LedgerEntry): boolean {
  return next - first === stored + dead_lettered + gap + expired + skipped;
}
