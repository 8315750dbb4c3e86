import { setTimeout as wait } from 'node:timers/promises';

import { classify } from '@weir/errors';
import type { Logger } from '@weir/telemetry';

import type { Database, Transaction } from '../database/database.js';
import type { Messages } from '../messages/messages.js';
import { finish, judgeCanary, lockReplays, type ReplayRow } from './replay-rows.js';

export interface IssuingOptions {
  /** How long dlq-replayer may take for a chunk until it is given up; 2 minutes unless given. */
  readonly chunkTimeoutMs?: number;
}

/** How often it is looked for replays that another instance has begun, and for what else there was no sign of. */
const IDLE_MS = 500;
/** Somebody else may hold the replay that is due. */
const LEAST_WAIT_MS = 20;
const OVERDUE_EVERY_MS = 5_000;
const CHUNK_TIMEOUT_MS = 120_000;
/** What is on its way at most: so many seconds' worth, and a few chunks. A replay that is paused or slowed down has little left to come. */
const MAX_UNANSWERED_SECONDS = 3;
const MIN_UNANSWERED_CHUNKS = 4;
const WAIT_MS = 200;
/** How far a replay that fell behind its rate may catch up. */
const MAX_ARREARS = '250 milliseconds';

interface ItemRow {
  readonly item: number;
  readonly identity: string;
  readonly replay_count: number;
  readonly dlq_partition: number;
  readonly dlq_offset: string;
  readonly value_sha256: Buffer;
}

/**
 * Issues the chunks of replays that run, each at its rate. Any number of instances may do so at once.
 *
 * Issuing a chunk is one transaction: it locks the replay, looks whether it runs, gives records to the chunk, and puts the command into the outbox
 * (guarantees, rule 20). So nothing is issued after a replay was paused, and what was issued is published. A chunk without an answer past its
 * deadline is issued again as it was; dlq-replayer then answers the rest of it `refused` without publishing.
 */
export class Issuing {
  private readonly stopping = new AbortController();
  private working: Promise<void> = Promise.resolve();
  private failedWith = '';
  private overdueSoughtAt = Number.NEGATIVE_INFINITY;
  private readonly chunkTimeoutMs: number;

  constructor(
    private readonly database: Database,
    private readonly messages: Messages,
    private readonly logger: Logger,
    { chunkTimeoutMs = CHUNK_TIMEOUT_MS }: IssuingOptions = {},
  ) {
    this.chunkTimeoutMs = chunkTimeoutMs;
  }

  start(): void {
    this.working = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) await wait(await this.work(), undefined, { signal }).catch(() => undefined);
  }

  /** Issues what is due, and answers when to look again. Never rejects: a database that is away is asked again. */
  private async work(): Promise<number> {
    try {
      if (!this.messages.isReady) return IDLE_MS;
      while (!this.stopping.signal.aborted && (await this.issueNext()));
      if (performance.now() - this.overdueSoughtAt > OVERDUE_EVERY_MS) await this.issueAgain();
      this.failedWith = '';
      return await this.untilNextMs();
    } catch (thrown) {
      const error = classify(thrown);
      if (error.code !== this.failedWith)
        this.logger.warn({ error }, 'Replays are not issued at the moment; they wait');
      this.failedWith = error.code;
      return IDLE_MS;
    }
  }

  private async untilNextMs(): Promise<number> {
    const [next] = await this.database.query<{ ms: number }>(
      `SELECT (extract(epoch FROM min(next_issue_at) - now()) * 1000)::float8 AS ms FROM admin.replays
       WHERE state = 'running' HAVING count(*) > 0`,
    );
    return Math.min(Math.max(next?.ms ?? IDLE_MS, LEAST_WAIT_MS), IDLE_MS);
  }

  /** False where none is due. */
  private issueNext(): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      const [replay] = await transaction.query<ReplayRow>(
        `SELECT * FROM admin.replays WHERE state = 'running' AND next_issue_at <= now() ORDER BY next_issue_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
      );
      if (replay === undefined) return false;
      const items = await this.dueItems(transaction, replay);
      if (items.length > 0) await this.issue(transaction, replay, items);
      return items.length > 0;
    });
  }

  /** The records of the next chunk; none where it has to wait, which is noted. */
  private async dueItems(transaction: Transaction, replay: ReplayRow): Promise<ItemRow[]> {
    const { id } = replay;
    const [unanswered] = await transaction.query<{ count: string }>(
      'SELECT count(*) AS count FROM admin.replay_chunks WHERE replay_id = $1 AND unanswered > 0',
      [id],
    );
    const most = Math.max(MIN_UNANSWERED_CHUNKS, (MAX_UNANSWERED_SECONDS * replay.rate) / replay.chunk_records);
    const full = Number(unanswered?.count ?? 0) >= most;
    const before = replay.canary === 'waiting' ? (replay.canary_records ?? 0) : replay.records;
    const items =
      full || replay.held_by !== null
        ? []
        : await transaction.query<ItemRow>(
            `SELECT item, identity, replay_count, dlq_partition, dlq_offset, value_sha256 FROM admin.replay_items
             WHERE replay_id = $1 AND held AND chunk IS NULL AND item < $2 ORDER BY item LIMIT $3`,
            [id, before, replay.chunk_records],
          );
    if (items.length > 0) return items;
    await transaction.query(
      `UPDATE admin.replays SET next_issue_at = now() + $2 * interval '1 millisecond' WHERE id = $1`,
      [id, WAIT_MS],
    );
    const canary = replay.canary === 'waiting' && !full ? await judgeCanary(transaction, id) : null;
    if (canary !== null) this.logger.info({ replay: id, canary }, 'The canary of a replay has ended');
    await finish(transaction, [id]);
    return [];
  }

  private async issue(transaction: Transaction, replay: ReplayRow, items: readonly ItemRow[]): Promise<void> {
    const { id, next_chunk: chunk, rate } = replay;
    const issuedAt = Date.now();
    const deadline = issuedAt + this.chunkTimeoutMs;
    await transaction.query(
      `INSERT INTO admin.replay_chunks (replay_id, chunk, records, unanswered, issued_at, deadline, last_issued_at)
       VALUES ($1, $2, $3, $3, $4, $5, $4)`,
      [id, chunk, items.length, new Date(issuedAt), new Date(deadline)],
    );
    await transaction.query(
      `UPDATE admin.replay_items i SET chunk = $2, place = given.place - 1
       FROM unnest($3::int[]) WITH ORDINALITY AS given (item, place) WHERE i.replay_id = $1 AND i.item = given.item`,
      [id, chunk, items.map(({ item }) => item)],
    );
    await transaction.query(
      `UPDATE admin.replays SET next_chunk = next_chunk + 1,
         next_issue_at = greatest(next_issue_at, now() - interval '${MAX_ARREARS}') + $2 * interval '1 second' WHERE id = $1`,
      [id, items.length / rate],
    );
    await this.tell(transaction, replay, { chunk, issuedAt, deadline }, items);
  }

  /** Past its deadline nothing of a chunk is published any more: what is asked for is the answer. */
  private async issueAgain(): Promise<void> {
    this.overdueSoughtAt = performance.now();
    const overdue = await this.database.query<{ replay_id: string }>(
      `SELECT DISTINCT replay_id FROM admin.replay_chunks
       WHERE unanswered > 0 AND deadline < now() AND last_issued_at < now() - $1 * interval '1 millisecond'`,
      [this.chunkTimeoutMs / 2],
    );
    for (const { replay_id: id } of overdue)
      await this.database.transaction(async (transaction) => {
        const [replay] = await lockReplays(transaction, [id]);
        const chunks = await transaction.query<{ chunk: number; issued_at: Date; deadline: Date }>(
          `UPDATE admin.replay_chunks SET last_issued_at = now()
           WHERE replay_id = $1 AND unanswered > 0 AND deadline < now() AND last_issued_at < now() - $2 * interval '1 millisecond'
           RETURNING chunk, issued_at, deadline`,
          [id, this.chunkTimeoutMs / 2],
        );
        if (replay === undefined) return;
        for (const { chunk, issued_at: issuedAt, deadline } of chunks) {
          const items = await transaction.query<ItemRow>(
            'SELECT * FROM admin.replay_items WHERE replay_id = $1 AND chunk = $2 ORDER BY place',
            [id, chunk],
          );
          this.logger.warn({ replay: id, chunk }, 'A chunk has no answer past its deadline, and is issued again');
          const times = { chunk, issuedAt: issuedAt.getTime(), deadline: deadline.getTime() };
          await this.tell(transaction, replay, times, items);
        }
      });
  }

  private async tell(
    transaction: Transaction,
    replay: ReplayRow,
    { chunk, issuedAt, deadline }: { readonly chunk: number; readonly issuedAt: number; readonly deadline: number },
    items: readonly ItemRow[],
  ): Promise<void> {
    const told = {
      replay_id: replay.id,
      chunk,
      issued_at: issuedAt,
      deadline,
      max_attempts: replay.max_attempts,
      records: items.map((item) => ({
        dlq_partition: item.dlq_partition,
        dlq_offset: Number(item.dlq_offset),
        value_sha256: item.value_sha256.toString('hex'),
        identity: item.identity,
        replay_count: item.replay_count,
      })),
    };
    await this.messages.tellChunk(transaction, told, replay.traceparent);
  }
}
