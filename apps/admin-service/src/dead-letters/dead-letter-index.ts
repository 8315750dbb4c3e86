import type { ConsumedRecord } from '@weir/kafka';

import type { Transaction } from '../database/database.js';
import type { Projected } from '../projections/projection.js';
import { groupsOf } from './letter-group.js';
import { type LetterRow, letterRow } from './letter-row.js';
import { lockRecords, restate } from './state.js';
import { writeLetters } from './write-letters.js';

/**
 * What `metrics.dlq` holds, as rows: one for each record and count of replays, so that copies of a dead letter, which a consumer that was
 * killed may leave, are one.
 */
export class DeadLetterIndex implements Projected {
  /** What nobody comes for goes with its record. */
  private readonly ahead = new WeakMap<ConsumedRecord, LetterRow>();

  /** `maxAttempts`: how often a record may be replayed. */
  constructor(private readonly maxAttempts: number) {}

  /** Letters are read while the database has those before: a row follows from its record alone. */
  begin(records: readonly ConsumedRecord[]): void {
    for (const record of records) this.ahead.set(record, letterRow(record));
  }

  async apply(transaction: Transaction, records: readonly ConsumedRecord[]): Promise<void> {
    const rows = records.map((record) => this.take(record));
    const identities = rows.map(({ identity }) => identity);
    const decided = new Set(await lockRecords(transaction, identities));
    const fresh = await writeLetters(transaction, rows);
    await groupsOf(transaction, fresh);
    await restate(transaction, await this.withHistory(transaction, fresh, decided), this.maxAttempts);
  }

  async clear(transaction: Transaction): Promise<void> {
    await transaction.query('TRUNCATE admin.dead_letters, admin.dead_letter_groups, admin.dead_letter_counts');
  }

  /** Once: left in the map, it would outlive its record until a major collection of garbage (docs/adr/0019). */
  private take(record: ConsumedRecord): LetterRow {
    const row = this.ahead.get(record) ?? letterRow(record);
    this.ahead.delete(record);
    return row;
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
