import { type AvroDecoder, type ChunkAnswer, type RecordOutcome, type ReplayEvent } from '@weir/avro';
import { RecordDecodeError } from '@weir/errors';
import type { ConsumedRecord } from '@weir/kafka';
import type { Logger } from '@weir/telemetry';

import type { Transaction } from '../database/database.js';
import { holdRecords, restate } from '../dead-letters/state.js';
import type { Projected } from '../projections/projection.js';
import { finish, giveCountsBack, lockReplays } from './replay-rows.js';

/** What is better known stays: guarantees, rule 21. */
const RANK = "array_position(ARRAY['unknown', 'failed_again', 'repeated', 'applied'], %)";
const rankOf = (column: string): string => `coalesce(${RANK.replace('%', column)}, 0)`;

/** What `dlq.replay.events` tells, as the state of replays, of their records, and of the dead letters themselves. */
export class ReplayEvents implements Projected {
  constructor(
    private readonly decoder: Pick<AvroDecoder<ReplayEvent>, 'prepare' | 'decode'>,
    private readonly logger: Logger,
    private readonly maxAttempts: number,
  ) {}

  /** Fetches the schemas that records are written with. Rejects where the registry is needed and away. */
  async prepare(records: readonly ConsumedRecord[]): Promise<void> {
    await this.decoder.prepare(records.map(({ value }) => value));
  }

  async apply(transaction: Transaction, records: readonly ConsumedRecord[]): Promise<void> {
    const events = records.flatMap((record) => this.read(record) ?? []);
    const ids = [...new Set(events.map(({ replay_id: id }) => id))];
    // Before anything else of the replay is touched: issuing and operators do the same.
    await lockReplays(transaction, ids);
    // And all records at once, in the order in which everybody does: event by event two of us could wait for each other.
    await holdRecords(
      transaction,
      events.flatMap(({ outcomes }) => outcomes.map(({ identity }) => identity)),
    );
    const changed: string[] = [];
    for (const { replay_id: id, answer, outcomes } of events) {
      if (answer !== null) changed.push(...(await this.answered(transaction, id, answer)));
      if (outcomes.length > 0) changed.push(...(await this.ended(transaction, id, outcomes)));
    }
    await restate(transaction, [...new Set(changed)], this.maxAttempts);
    await finish(transaction, ids);
  }

  /** What was told stays: it is of replays, and a topic that was made anew tells of others. */
  clear(): Promise<void> {
    return Promise.resolve();
  }

  private read(record: ConsumedRecord): ReplayEvent | null {
    const event = record.value === null ? null : this.decoder.decode(record.value);
    if (event !== null && !(event instanceof RecordDecodeError) && isStorable(event)) return event;
    const { topic, partition, offset } = record;
    this.logger.error(
      { topic, partition, offset, error: event },
      'A record tells nothing of a replay, and is passed over',
    );
    return null;
  }

  /**
   * Of several answers to a record the first counts. The records whose state may have changed: one that is published stays where it was, with
   * its replay.
   */
  private async answered(
    transaction: Transaction,
    id: string,
    { chunk, first, records }: ChunkAnswer,
  ): Promise<string[]> {
    const changed = await transaction.query<{ identity: string; answer: string }>(
      `UPDATE admin.replay_items i
       SET answer = given.answer, answer_reason = given.reason, answered_at = now(), topic = given.topic, partition = given.partition,
           published_offset = given.published_offset,
           held = i.held AND (given.answer = 'published' OR given.answer = 'refused' AND given.reason IS NOT DISTINCT FROM 'deadline')
       FROM unnest($4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[]) WITH ORDINALITY
         AS given (answer, reason, topic, partition, published_offset, place)
       WHERE i.replay_id = $1 AND i.chunk = $2 AND i.place = $3::int + given.place - 1 AND i.answer IS NULL
       RETURNING i.identity, i.answer`,
      [
        [id, chunk, first],
        [records.map(({ outcome }) => outcome), records.map(({ reason }) => reason), records.map(({ topic }) => topic)],
        [records.map(({ partition }) => partition), records.map(({ offset }) => offset)],
      ].flat(1),
    );
    if (changed.length === 0) return [];
    const capped = changed.filter(({ answer }) => answer === 'capped').map(({ identity }) => identity);
    if (capped.length > 0)
      await transaction.query(
        'UPDATE admin.dead_letter_decisions SET capped = true WHERE identity = ANY ($1::text[])',
        [capped],
      );
    const [left] = await transaction.query<{ unanswered: number }>(
      'UPDATE admin.replay_chunks SET unanswered = unanswered - $3 WHERE replay_id = $1 AND chunk = $2 RETURNING unanswered',
      [id, chunk, changed.length],
    );
    const released = left?.unanswered === 0 ? await this.tooLate(transaction, id, chunk) : [];
    return [...changed.filter(({ answer }) => answer !== 'published').map(({ identity }) => identity), ...released];
  }

  /**
   * Records that were not published because the chunk's time was over, once all of it is answered: they go into another chunk, or,
   * where the replay was cancelled, back to where they were. The latter are answered.
   */
  private async tooLate(transaction: Transaction, id: string, chunk: number): Promise<string[]> {
    const refused = "replay_id = $1 AND chunk = $2 AND held AND answer = 'refused' AND answer_reason = 'deadline'";
    const late = await transaction.query(
      `UPDATE admin.replay_items SET chunk = NULL, place = NULL, answer = NULL, answer_reason = NULL, answered_at = NULL
       WHERE ${refused} AND EXISTS (SELECT FROM admin.replays WHERE id = $1 AND state IN ('running', 'paused')) RETURNING item`,
      [id, chunk],
    );
    // After an outage of dlq-replayer this comes once; again and again it means that one of the two clocks is wrong.
    if (late.length > 0)
      this.logger.warn(
        { replay: id, chunk, records: late.length },
        'dlq-replayer came to a chunk past its deadline, and published nothing of it; it is issued anew',
      );
    const released = await transaction.query<{ identity: string }>(
      `UPDATE admin.replay_items SET held = false WHERE ${refused} RETURNING identity`,
      [id, chunk],
    );
    const identities = released.map(({ identity }) => identity);
    await giveCountsBack(transaction, id, identities);
    return identities;
  }

  /** What became of records in metrics-consumer; told twice it is the same. The records that changed. */
  private async ended(transaction: Transaction, id: string, outcomes: readonly RecordOutcome[]): Promise<string[]> {
    const given = [
      outcomes.map(({ identity }) => identity),
      outcomes.map(({ replay_count: count }) => count),
      outcomes.map(({ outcome }) => outcome),
      outcomes.map(({ reason }) => reason),
      outcomes.map(({ fingerprint }) => fingerprint),
    ];
    await transaction.query(
      `UPDATE admin.replay_items i SET outcome = given.outcome, outcome_reason = given.reason, fingerprint = given.fingerprint, held = false
       FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[]) AS given (identity, count, outcome, reason, fingerprint)
       WHERE i.replay_id = $1 AND i.identity = given.identity AND i.replay_count = given.count
         AND ${rankOf('given.outcome')} > ${rankOf('i.outcome')}`,
      [id, ...given],
    );
    // Closed for good, whichever count it was and whatever arrives later (guarantees, rule 17).
    const changed = await transaction.query<{ identity: string }>(
      `UPDATE admin.dead_letter_decisions known SET
         failed = greatest(known.failed, told.failed),
         closed = CASE WHEN 'applied' IN (known.closed, told.closed) THEN 'applied' ELSE coalesce(known.closed, told.closed) END,
         closed_at = coalesce(known.closed_at, CASE WHEN told.closed IS NOT NULL THEN now() END)
       FROM (
         SELECT identity, max(count) FILTER (WHERE outcome = 'failed_again') AS failed,
                min(outcome) FILTER (WHERE outcome IN ('applied', 'repeated')) AS closed
         FROM unnest($1::text[], $2::int[], $3::text[]) AS given (identity, count, outcome) GROUP BY identity
       ) told
       WHERE known.identity = told.identity RETURNING known.identity`,
      given.slice(0, 3),
    );
    await transaction.query(
      `INSERT INTO admin.dead_letter_recoveries AS known (fingerprint, recovered_at)
       SELECT DISTINCT fingerprint, now() FROM admin.dead_letters WHERE identity = ANY ($1::text[]) ORDER BY fingerprint
       ON CONFLICT (fingerprint) DO UPDATE SET recovered_at = excluded.recovered_at`,
      [outcomes.filter(({ outcome }) => outcome !== 'failed_again').map(({ identity }) => identity)],
    );
    return changed.map(({ identity }) => identity);
  }
}

/** PostgreSQL's text has no NUL: what brings one was written by nobody of ours, and must not be tried for ever. */
const isStorable = (event: ReplayEvent): boolean => !JSON.stringify(event).includes(String.raw`\u0000`);
