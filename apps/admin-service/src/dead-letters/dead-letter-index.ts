import type { ConsumedRecord } from '@weir/kafka';

import type { Transaction } from '../database/database.js';
import type { Projected } from '../projections/projection.js';
import { groupsOf } from './letter-group.js';
import { type LetterRow, letterRow } from './letter-row.js';
import { restate } from './state.js';

/** Columns of the index in the order of `valuesOf`, with PostgreSQL's types. */
const COLUMNS = [
  ['dlq_partition', 'int'],
  ['dlq_offset', 'bigint'],
  ['identity', 'text'],
  ['replay_count', 'int'],
  ['replay_id', 'text'],
  ['class', 'text'],
  ['reason', 'text'],
  ['error', 'text'],
  ['fingerprint', 'text'],
  ['tenant_id', 'text'],
  ['schema_id', 'int'],
  ['topic', 'text'],
  ['partition', 'int'],
  ['origin_offset', 'bigint'],
  ['origin_at', 'timestamptz'],
  ['routed_at', 'timestamptz'],
  ['consumer_group', 'text'],
  ['service_version', 'text'],
  ['attempts', 'int'],
  ['trace_id', 'text'],
  ['value_bytes', 'int'],
  ['omitted_bytes', 'bigint'],
  ['value_sha256', 'bytea'],
] as const;

const NAMES = COLUMNS.map(([name]) => name).join(', ');
const INSERT = `
  INSERT INTO admin.dead_letters (${NAMES})
  SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT DO NOTHING RETURNING dlq_partition, dlq_offset`;

/**
 * What `metrics.dlq` holds, as rows: one for each record and count of replays, so that copies of a dead letter, which a consumer that was
 * killed may leave, are one.
 */
export class DeadLetterIndex implements Projected {
  /** `maxAttempts`: how often a record may be replayed. */
  constructor(private readonly maxAttempts: number) {}

  async apply(transaction: Transaction, records: readonly ConsumedRecord[]): Promise<void> {
    const rows = records.map(letterRow);
    const values = rows.map(valuesOf);
    const added = await transaction.query<{ dlq_partition: number; dlq_offset: string }>(
      INSERT,
      COLUMNS.map((_, column) => values.map((row) => row[column])),
    );
    const places = new Set(added.map((row) => `${row.dlq_partition}-${row.dlq_offset}`));
    const fresh = rows.filter((row) => places.has(`${row.dlqPartition}-${row.dlqOffset}`));
    await groupsOf(transaction, fresh);
    await restate(transaction, await this.withHistory(transaction, fresh), this.maxAttempts);
  }

  async clear(transaction: Transaction): Promise<void> {
    await transaction.query('TRUNCATE admin.dead_letters, admin.dead_letter_groups, admin.dead_letter_counts');
  }

  /** Records that were replayed, or about which somebody decided something. Of most there is nothing but the letter itself. */
  private async withHistory(transaction: Transaction, rows: readonly LetterRow[]): Promise<string[]> {
    const identities = rows.map(({ identity }) => identity);
    const decided = await transaction.query<{ identity: string }>(
      `SELECT identity FROM admin.dead_letter_decisions WHERE identity = ANY ($1::text[])
       UNION SELECT identity FROM admin.dead_letters WHERE identity = ANY ($1::text[]) AND replay_count > 0`,
      [identities],
    );
    return decided.map(({ identity }) => identity);
  }
}

function valuesOf(row: LetterRow): unknown[] {
  return [
    row.dlqPartition,
    row.dlqOffset,
    row.identity,
    row.replayCount,
    row.replayId,
    row.class,
    row.reason,
    row.error,
    row.fingerprint,
    row.tenantId,
    row.schemaId,
    row.topic,
    row.partition,
    row.offset,
    new Date(row.originAtMs),
    new Date(row.routedAtMs),
    row.group,
    row.serviceVersion,
    row.attempts,
    row.traceId,
    row.valueBytes,
    row.omittedBytes,
    row.valueSha256,
  ];
}
