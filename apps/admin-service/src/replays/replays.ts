import { randomUUID } from 'node:crypto';

import type { KafkaAdmin } from '@weir/kafka';
import { recordedTraceparent } from '@weir/telemetry';

import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import { codeOf, type Database, MANY_RECORDS, type Transaction, UNIQUE_VIOLATION } from '../database/database.js';
import type { Selection } from '../dead-letters/selection.js';
import { restate } from '../dead-letters/state.js';
import { letterId } from '../dead-letters/views.js';
import { AdminRefusal } from '../http/problems.js';
import { firstOffsets, type FirstOffsets, type Plan, plan, type PlannedRecord } from './planning.js';
import { finish, giveCountsBack, lockReplays, type ReplayRow, type ReplayState } from './replay-rows.js';

/** How a replay goes about it. */
export interface ReplayOptions {
  /** Records a second. */
  readonly rate: number;
  /** Records of one chunk, which is one transaction of Kafka: 1 to 500. */
  readonly chunkRecords: number;
  /** The first so many records alone, and the rest only where at most this share of them was not recovered; null for none. */
  readonly canary: { readonly records: number; readonly maxFailed: number } | null;
  /** Waits while the consumer that is to store the records is further behind than this; null for no matter how far. */
  readonly maxLag: number | null;
}

export interface ReplaysOptions {
  /** How often a record may be replayed. */
  readonly maxAttempts: number;
  /** `metrics.dlq`, under its name on the brokers. */
  readonly dlq: string;
}

const SHOWN = 20;

/** Replays of dead letters: planned, begun, and led by operators. */
export class Replays {
  constructor(
    private readonly database: Database,
    private readonly trail: AuditTrail,
    private readonly admin: Pick<KafkaAdmin, 'watermarks'>,
    private readonly options: ReplaysOptions,
  ) {}

  /** What a replay would do now. It is remembered for an hour, so that a replay that comes too late is told what has changed. */
  async plan(selection: Selection): Promise<Plan> {
    const found = await plan(this.database, selection, await this.firstOffsets());
    await this.database.query("DELETE FROM admin.replay_plans WHERE made_at < now() - interval '1 hour'");
    await this.database.query(
      `INSERT INTO admin.replay_plans (hash, selection, records) VALUES ($1, $2, $3)
       ON CONFLICT (hash) DO UPDATE SET selection = excluded.selection, made_at = now()`,
      [found.hash, JSON.stringify(selection), found.records.map(({ letter }) => letterId(letter))],
    );
    return found;
  }

  /**
   * Begins what was planned, and nothing else: 1. the selection is resolved anew and held against the plan's hash, 2. the records' counts
   * are assigned, which locks them, and they still have to be as they were found, 3. they become this replay's alone.
   *
   * Throws AdminRefusal `plan_not_found`, `plan_empty` or `plan_changed`.
   */
  async begin(call: Call, hash: string, options: ReplayOptions): Promise<string> {
    const first = await this.firstOffsets();
    return this.database.transaction(async (transaction) => {
      const [made] = await transaction.query<{ selection: Selection; records: string[] }>(
        "SELECT selection, records FROM admin.replay_plans WHERE hash = $1 AND made_at > now() - interval '1 hour'",
        [hash],
      );
      if (made === undefined) throw new AdminRefusal('plan_not_found');
      const { records, hash: hashNow } = await plan(transaction, made.selection, first);
      if (hashNow !== hash) throw changed(made.records, records);
      if (records.length === 0) throw new AdminRefusal('plan_empty');
      const id = randomUUID();
      await this.assignCounts(transaction, records);
      await this.insert(transaction, { id, call, hash, selection: made.selection, options, records });
      const identities = records.map(({ letter }) => letter.identity);
      await restate(transaction, identities, this.options.maxAttempts);
      await this.trail.changed(transaction, call, {
        target: `replay:${id}`,
        before: null,
        after: { selection: made.selection, planHash: hash, records: records.length, ...options },
      });
      return id;
    }, MANY_RECORDS);
  }

  /** No chunk is issued any more, until it is resumed; what is issued goes on. */
  pause(call: Call, id: string): Promise<void> {
    return this.lead(call, id, ['running'], async (transaction) => {
      await transaction.query("UPDATE admin.replays SET state = 'paused', why = 'operator' WHERE id = $1", [id]);
    });
  }

  /** Goes on with all the rest, also where a canary has stopped it. */
  resume(call: Call, id: string): Promise<void> {
    return this.lead(call, id, ['paused'], async (transaction) => {
      await transaction.query(
        "UPDATE admin.replays SET state = 'running', why = NULL, next_issue_at = now() WHERE id = $1",
        [id],
      );
    });
  }

  /** Records per second from now on. */
  changeRate(call: Call, id: string, rate: number): Promise<void> {
    return this.lead(call, id, ['running', 'paused'], async (transaction) => {
      await transaction.query('UPDATE admin.replays SET rate = $2, next_issue_at = now() WHERE id = $1', [id, rate]);
    });
  }

  /** What was not issued is let go at once; the replay is cancelled once all that was issued has answered. */
  cancel(call: Call, id: string): Promise<void> {
    return this.lead(call, id, ['running', 'paused'], async (transaction) => {
      await transaction.query("UPDATE admin.replays SET state = 'cancelling', why = NULL WHERE id = $1", [id]);
      const released = await transaction.query<{ identity: string }>(
        `UPDATE admin.replay_items SET held = false, answer = 'not_issued', answered_at = now()
         WHERE replay_id = $1 AND held AND chunk IS NULL RETURNING identity`,
        [id],
      );
      const identities = released.map(({ identity }) => identity);
      await giveCountsBack(transaction, id, identities);
      await restate(transaction, identities, this.options.maxAttempts);
      await finish(transaction, [id]);
    });
  }

  private async lead(
    call: Call,
    id: string,
    states: readonly ReplayState[],
    change: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const [before] = await lockReplays(transaction, [id]);
      if (before === undefined) throw new AdminRefusal('replay_not_found');
      if (!states.includes(before.state)) throw new AdminRefusal('replay_state', { state: before.state });
      await change(transaction);
      const [after] = await lockReplays(transaction, [id]);
      await this.trail.changed(transaction, call, {
        target: `replay:${id}`,
        before: asAudited(before),
        after: after === undefined ? null : asAudited(after),
      });
    }, MANY_RECORDS);
  }

  private firstOffsets(): Promise<FirstOffsets> {
    return firstOffsets(this.admin, this.options.dlq);
  }

  private async assignCounts(transaction: Transaction, records: readonly PlannedRecord[]): Promise<void> {
    // In the order of the identities, so that two operators never wait for each other in a circle.
    const assigned = await transaction.query<{ identity: string; decided: boolean }>(
      `INSERT INTO admin.dead_letter_decisions AS known (identity, issued)
       SELECT identity, count FROM unnest($1::text[], $2::int[]) AS planned (identity, count) ORDER BY identity COLLATE "C"
       ON CONFLICT (identity) DO UPDATE SET issued = excluded.issued WHERE known.issued < excluded.issued
       RETURNING identity, closed IS NOT NULL OR discarded_at IS NOT NULL AS decided`,
      [records.map(({ letter }) => letter.identity), records.map(({ replayCount }) => replayCount)],
    );
    // Another replay had one of them from beginning to end since this one's records were found, and has given it the count.
    if (assigned.length < records.length) throw new AdminRefusal('plan_changed', { added: [], removed: [] });
    // Whoever decided something about one of them before it was locked has been heard by now.
    const decided = new Set(assigned.flatMap((row) => (row.decided ? [row.identity] : [])));
    const removed = records.filter(({ letter }) => decided.has(letter.identity)).map(({ letter }) => letterId(letter));
    if (removed.length > 0) throw differing([], removed);
  }

  private async insert(transaction: Transaction, given: NewReplay): Promise<void> {
    const { id, call, hash, selection, options, records } = given;
    const { rate, chunkRecords, canary, maxLag } = options;
    await transaction.query(
      `INSERT INTO admin.replays (id, state, selection, plan_hash, records, rate, chunk_records, max_attempts, canary_records, canary_max_failed,
                                  canary, max_lag, created_by, traceparent)
       VALUES ($1, 'running', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        [id, JSON.stringify(selection), hash, records.length, rate, chunkRecords, this.options.maxAttempts],
        [canary?.records ?? null, canary?.maxFailed ?? null, canary === null ? null : 'waiting', maxLag, call.actor.id],
        recordedTraceparent(),
      ].flat(),
    );
    try {
      await transaction.query(
        `INSERT INTO admin.replay_items (replay_id, item, identity, replay_count, dlq_partition, dlq_offset, value_sha256)
         SELECT $1, place - 1, identity, count, dlq_partition, dlq_offset, sha256
         FROM unnest($2::text[], $3::int[], $4::int[], $5::bigint[], $6::bytea[]) WITH ORDINALITY
           AS planned (identity, count, dlq_partition, dlq_offset, sha256, place)`,
        [
          id,
          records.map(({ letter }) => letter.identity),
          records.map(({ replayCount }) => replayCount),
          records.map(({ letter }) => letter.dlq_partition),
          records.map(({ letter }) => letter.dlq_offset),
          records.map(({ letter }) => letter.value_sha256),
        ],
      );
    } catch (thrown) {
      // Another operator's replay has one of them: it was begun between this plan and now.
      if (codeOf(thrown) === UNIQUE_VIOLATION) throw new AdminRefusal('plan_changed', { added: [], removed: [] });
      throw thrown;
    }
  }
}

interface NewReplay {
  readonly id: string;
  readonly call: Call;
  readonly hash: string;
  readonly selection: Selection;
  readonly options: ReplayOptions;
  readonly records: readonly PlannedRecord[];
}

function changed(planned: readonly string[], records: readonly PlannedRecord[]): AdminRefusal {
  const now = new Set(records.map(({ letter }) => letterId(letter)));
  const then = new Set(planned);
  return differing(
    [...now].filter((id) => !then.has(id)),
    planned.filter((id) => !now.has(id)),
  );
}

function differing(added: readonly string[], removed: readonly string[]): AdminRefusal {
  return new AdminRefusal('plan_changed', {
    added: added.slice(0, SHOWN),
    removed: removed.slice(0, SHOWN),
    addedCount: added.length,
    removedCount: removed.length,
  });
}

const asAudited = ({ state, why, rate }: ReplayRow): object => ({ state, why, rate });
