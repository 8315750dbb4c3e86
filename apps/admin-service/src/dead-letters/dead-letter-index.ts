import type { ConsumedRecord } from '@weir/kafka';

import type { Transaction } from '../database/database.js';
import type { Projected } from '../projections/projection.js';
import { groupsOf } from './letter-group.js';
import { identitiesOf, type LetterRow, letterRow } from './letter-row.js';
import { lockRecords, restate } from './state.js';

/** Columns of the index, PostgreSQL's types of them, and what a row has there. */
const COLUMNS: readonly (readonly [name: string, type: string, of: (row: LetterRow) => unknown])[] = [
  ['dlq_partition', 'int', (row) => row.dlqPartition],
  ['dlq_offset', 'bigint', (row) => row.dlqOffset],
  ['identity', 'text', (row) => row.identity],
  ['replay_count', 'int', (row) => row.replayCount],
  ['replay_id', 'text', (row) => row.replayId],
  ['class', 'text', (row) => row.class],
  ['reason', 'text', (row) => row.reason],
  ['error', 'text', (row) => row.error],
  ['fingerprint', 'text', (row) => row.fingerprint],
  ['tenant_id', 'text', (row) => row.tenantId],
  ['schema_id', 'int', (row) => row.schemaId],
  ['topic', 'text', (row) => row.topic],
  ['partition', 'int', (row) => row.partition],
  ['origin_offset', 'bigint', (row) => row.offset],
  ['origin_at', 'timestamptz', (row) => new Date(row.originAtMs)],
  ['routed_at', 'timestamptz', (row) => new Date(row.routedAtMs)],
  ['consumer_group', 'text', (row) => row.group],
  ['service_version', 'text', (row) => row.serviceVersion],
  ['attempts', 'int', (row) => row.attempts],
  ['trace_id', 'text', (row) => row.traceId],
  ['value_bytes', 'int', (row) => row.valueBytes],
  ['omitted_bytes', 'bigint', (row) => row.omittedBytes],
  ['value_sha256', 'bytea', (row) => row.valueSha256],
];

/** Of one statement; a batch has several, so that its rows are read and written at the same time. */
const ROWS_AT_ONCE = 1_000;

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
    const decided = new Set(await lockRecords(transaction, records.flatMap(identitiesOf)));
    const fresh: LetterRow[] = [];
    let written: Promise<readonly LetterRow[]> = Promise.resolve([]);
    for (let at = 0; at < records.length; at += ROWS_AT_ONCE) {
      // Read while the database writes those before.
      const rows = records.slice(at, at + ROWS_AT_ONCE).map(letterRow);
      fresh.push(...(await written));
      written = this.write(transaction, rows);
    }
    fresh.push(...(await written));
    await groupsOf(transaction, fresh);
    await restate(transaction, await this.withHistory(transaction, fresh, decided), this.maxAttempts);
  }

  async clear(transaction: Transaction): Promise<void> {
    await transaction.query('TRUNCATE admin.dead_letters, admin.dead_letter_groups, admin.dead_letter_counts');
  }

  /** Those that are new. */
  private async write(transaction: Transaction, rows: readonly LetterRow[]): Promise<readonly LetterRow[]> {
    const added = await transaction.query<{ dlq_partition: number; dlq_offset: string }>(
      INSERT,
      COLUMNS.map(([, , of]) => rows.map(of)),
    );
    const places = new Set(added.map((row) => `${row.dlq_partition}-${row.dlq_offset}`));
    return rows.filter((row) => places.has(`${row.dlqPartition}-${row.dlqOffset}`));
  }

  /** Records that were replayed, or about which somebody decided something. Of most there is nothing but the letter itself. */
  private async withHistory(
    transaction: Transaction,
    rows: readonly LetterRow[],
    decided: ReadonlySet<string>,
  ): Promise<string[]> {
    const identities = rows.map(({ identity }) => identity);
    const replayed = await transaction.query<{ identity: string }>(
      'SELECT DISTINCT identity FROM admin.dead_letters WHERE identity = ANY ($1::text[]) AND replay_count > 0',
      [identities],
    );
    return [
      ...new Set([
        ...identities.filter((identity) => decided.has(identity)),
        ...replayed.map(({ identity }) => identity),
      ]),
    ];
  }
}
