import { classify } from '@weir/errors';
import type { KafkaAdmin } from '@weir/kafka';
import { Rounds } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';

import type { Database } from '../database/database.js';
import { restate } from '../dead-letters/state.js';
import { finish, lockReplays } from './replay-rows.js';

/** Times in milliseconds. */
export interface ConsumerWatchOptions {
  readonly maxAttempts: number;
  /** How long a record stays in the topic that it is replayed into: whatever its consumer does, nothing more is heard of it then. Null for ever. */
  readonly sourceRetentionMs: number | null;
  /** How long after the consumer has gone past a record its outcome may take; 60 s unless given. */
  readonly outcomeTimeoutMs?: number;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 2_000;
const OUTCOME_TIMEOUT_MS = 60_000;
/** A record whose place the broker did not tell cannot be held against the consumer's. */
const NO_PLACE_TIMEOUT_MS = 600_000;
const BATCH = 5_000;

/** The consumer that a record failed for: the last part of its identity. */
const GROUP = "regexp_replace(identity, '^[^/]*/[^/]*/[^/]*/', '')";

/**
 * Watches the consumer that replayed records go to: holds up replays that it cannot keep pace with, and finds records that it has gone past
 * without saying what became of them. Those are `unknown` (guarantees, rule 21), and free for another replay.
 */
export class ConsumerWatch {
  private readonly rounds: Rounds;
  /** What does not work at the moment, and the code of why. */
  private readonly failing = new Map<string, string>();

  constructor(
    private readonly database: Database,
    private readonly admin: Pick<KafkaAdmin, 'stableOffsets' | 'lag'>,
    private readonly logger: Logger,
    private readonly options: ConsumerWatchOptions,
  ) {
    this.rounds = new Rounds(() => this.look(), options.intervalMs ?? INTERVAL_MS);
  }

  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /** Never rejects: what is away is asked again with the next look, and keeps nothing else from being looked at. */
  private async look(): Promise<void> {
    await this.attempt('replays with a bound of lag', () => this.holdUp());
    await this.attempt('replayed records that are awaited', () => this.markPassed());
    await this.attempt('replayed records without an outcome', () => this.giveUp());
  }

  /** Says once that it does not work, and again where it is for another reason. */
  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.failing.delete(what);
    } catch (thrown) {
      const error = classify(thrown);
      if (this.failing.get(what) !== error.code) this.logger.warn({ error }, `Not looked at, for now: ${what}`);
      this.failing.set(what, error.code);
    }
  }

  private async holdUp(): Promise<void> {
    const bounded = await this.database.query<{
      id: string;
      max_lag: string;
      topic: string;
      consumer: string;
      held: boolean;
    }>(
      `SELECT r.id, r.max_lag, r.held_by IS NOT NULL AS held, d.topic, d.consumer_group AS consumer
       FROM admin.replays r
       JOIN admin.replay_items i ON i.replay_id = r.id AND i.item = 0
       JOIN admin.dead_letters d ON d.dlq_partition = i.dlq_partition AND d.dlq_offset = i.dlq_offset
       WHERE r.state = 'running' AND r.max_lag IS NOT NULL`,
    );
    for (const { id, max_lag: maxLag, topic, consumer, held } of bounded)
      await this.attempt(`the lag of ${consumer}`, async () => {
        const lags = await this.admin.lag(consumer, [topic]);
        const lag = lags.reduce((sum, each) => sum + each.lag, 0);
        // Half of the bound, so that it does not go on and off with every chunk.
        const behind = lag > (held ? Number(maxLag) / 2 : Number(maxLag));
        if (behind !== held)
          await this.database.query('UPDATE admin.replays SET held_by = $2 WHERE id = $1', [
            id,
            behind ? 'consumer_lag' : null,
          ]);
      });
  }

  private async markPassed(): Promise<void> {
    const awaited = await this.database.query<{ consumer: string; topic: string }>(
      `SELECT DISTINCT ${GROUP} AS consumer, topic FROM admin.replay_items
       WHERE held AND answer = 'published' AND passed_at IS NULL AND topic IS NOT NULL`,
    );
    for (const { consumer, topic } of awaited)
      await this.attempt(`how far ${consumer} is`, async () => {
        const committed = await this.admin.stableOffsets(consumer, [topic]);
        // Those that somebody is about to change are looked at next time: nobody waits for anybody here.
        await this.database.query(
          `UPDATE admin.replay_items SET passed_at = now() WHERE (replay_id, item) IN (
             SELECT i.replay_id, i.item FROM admin.replay_items i
             JOIN unnest($3::int[], $4::bigint[]) AS committed (partition, next) USING (partition)
             WHERE i.held AND i.answer = 'published' AND i.passed_at IS NULL AND i.topic = $2 AND ${GROUP.replace('identity', 'i.identity')} = $1
               AND i.published_offset < committed.next
             FOR UPDATE OF i SKIP LOCKED)`,
          [consumer, topic, committed.map(({ partition }) => partition), committed.map(({ offset }) => offset)],
        );
      });
  }

  private async giveUp(): Promise<void> {
    const overdue = await this.database.query<{ replay_id: string }>(
      `SELECT DISTINCT replay_id FROM admin.replay_items WHERE ${this.overdue}`,
    );
    for (const { replay_id: id } of overdue)
      await this.database.transaction(async (transaction) => {
        await lockReplays(transaction, [id]);
        const given = await transaction.query<{ identity: string }>(
          `UPDATE admin.replay_items SET outcome = 'unknown', held = false WHERE (replay_id, item) IN (
             SELECT replay_id, item FROM admin.replay_items WHERE replay_id = $1 AND ${this.overdue} LIMIT ${BATCH})
           RETURNING identity`,
          [id],
        );
        await restate(
          transaction,
          given.map(({ identity }) => identity),
          this.options.maxAttempts,
        );
        await finish(transaction, [id]);
        this.logger.warn(
          { replay: id, records: given.length },
          'The consumer went past replayed records without an outcome',
        );
      });
  }

  private get overdue(): string {
    const { outcomeTimeoutMs: timeoutMs = OUTCOME_TIMEOUT_MS, sourceRetentionMs } = this.options;
    return `held AND answer = 'published' AND (passed_at < now() - interval '${timeoutMs} milliseconds'
      OR published_offset IS NULL AND answered_at < now() - interval '${Math.max(timeoutMs, NO_PLACE_TIMEOUT_MS)} milliseconds'
      ${sourceRetentionMs === null ? '' : `OR answered_at < now() - interval '${sourceRetentionMs} milliseconds'`})`;
  }
}
