import { classify } from '@weir/errors';
import { Rounds } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';

import type { Database } from '../database/database.js';

/** How long what is over stays, in milliseconds. */
export interface RetentionOptions {
  /** Dead letters, from when they became some. Longer than the DLQ has them: what was never replayed is explained by the index alone then. */
  readonly deadLettersMs: number;
  /** Replays, from their end. As long as the DLQ has its records at least, or a letter that is read again would not know of them. */
  readonly replaysMs: number;
  readonly auditMs: number;
}

const INTERVAL_MS = 3_600_000;
const FIRST_AFTER_MS = 60_000;
const BATCH = 5_000;

/** What is deleted: rows of a table, found by a condition in which `old` stands for the row and `$1` for the moment before which it was over; without `keptFor` there is none. */
interface Kind {
  readonly table: string;
  readonly key: string;
  readonly where: string;
  readonly keptFor?: keyof RetentionOptions;
}

const NO_LETTER = 'NOT EXISTS (SELECT FROM admin.dead_letters d WHERE d.identity = old.identity)';
const OF_OLD_REPLAY = 'EXISTS (SELECT FROM admin.replays r WHERE r.id = old.replay_id AND r.finished_at < $1)';

/** In this order: what others refer to goes last. */
const KINDS: readonly Kind[] = [
  {
    table: 'dead_letters',
    key: 'dlq_partition, dlq_offset',
    where: `old.routed_at < $1 AND NOT EXISTS (SELECT FROM admin.replay_items i WHERE i.identity = old.identity AND i.held)`,
    keptFor: 'deadLettersMs',
  },
  {
    table: 'dead_letter_groups',
    key: 'fingerprint',
    where: `old.last_seen < $1 AND NOT EXISTS (
      SELECT FROM admin.dead_letter_counts c WHERE c.fingerprint = old.fingerprint AND c.count > 0)`,
    keptFor: 'deadLettersMs',
  },
  {
    table: 'dead_letter_counts',
    key: 'fingerprint, state',
    where:
      'old.count = 0 AND NOT EXISTS (SELECT FROM admin.dead_letter_groups g WHERE g.fingerprint = old.fingerprint)',
  },
  {
    table: 'dead_letter_recoveries',
    key: 'fingerprint',
    where: `old.recovered_at < $1 AND NOT EXISTS (SELECT FROM admin.dead_letter_groups g WHERE g.fingerprint = old.fingerprint)`,
    keptFor: 'deadLettersMs',
  },
  { table: 'replay_items', key: 'replay_id, item', where: OF_OLD_REPLAY, keptFor: 'replaysMs' },
  { table: 'replay_chunks', key: 'replay_id, chunk', where: OF_OLD_REPLAY, keptFor: 'replaysMs' },
  {
    table: 'replays',
    key: 'id',
    where: `old.finished_at < $1 AND NOT EXISTS (SELECT FROM admin.replay_items i WHERE i.replay_id = old.id)
      AND NOT EXISTS (SELECT FROM admin.replay_chunks c WHERE c.replay_id = old.id)`,
    keptFor: 'replaysMs',
  },
  {
    // While the index is rebuilt no letter is there. What was decided so long ago, or replayed so long ago that nothing is known of it, has none
    // in the DLQ either.
    table: 'dead_letter_decisions',
    key: 'identity',
    where: `(greatest(old.closed_at, old.discarded_at) < $1) IS NOT FALSE AND ${NO_LETTER}
      AND NOT EXISTS (SELECT FROM admin.replay_items i WHERE i.identity = old.identity)`,
    keptFor: 'deadLettersMs',
  },
  { table: 'audit', key: 'id', where: 'old.at < $1', keptFor: 'auditMs' },
];

/** Deletes what is over for long enough, every hour and some rows at a time. Several instances may do so at once. */
export class Retention {
  private readonly rounds = new Rounds(() => this.round(), INTERVAL_MS);
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
    private readonly options: RetentionOptions,
  ) {}

  start(): void {
    this.rounds.start(FIRST_AFTER_MS);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.rounds.stop();
  }

  /** How many rows of each table were deleted; those without any are left out. Rejects with the first StoreUnavailableError, and after all tables. */
  async trim(now: Date): Promise<Readonly<Record<string, number>>> {
    const deleted: Record<string, number> = {};
    const failures: unknown[] = [];
    for (const kind of KINDS)
      try {
        const rows = await this.delete(kind, now);
        if (rows > 0) deleted[kind.table] = rows;
      } catch (thrown) {
        failures.push(thrown); // one table that takes too long keeps no other from being trimmed
      }
    if (failures.length > 0) throw failures[0];
    return deleted;
  }

  private async delete({ table, key, where, keptFor }: Kind, now: Date): Promise<number> {
    const before = keptFor === undefined ? [] : [new Date(now.getTime() - this.options[keptFor])];
    let deleted = 0;
    while (!this.stopping.signal.aborted) {
      const [answer] = await this.database.query<{ rows: number }>(
        `WITH gone AS (
           DELETE FROM admin.${table} WHERE (${key}) IN (
             SELECT ${key} FROM admin.${table} old WHERE ${where} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
           RETURNING 1)
         SELECT count(*)::int AS rows FROM gone`,
        before,
      );
      const rows = answer?.rows ?? 0;
      deleted += rows;
      if (rows < BATCH) break;
    }
    return deleted;
  }

  /** Never rejects: what is left is deleted an hour later. */
  private async round(): Promise<void> {
    try {
      const deleted = await this.trim(new Date());
      if (Object.keys(deleted).length > 0) this.logger.info({ deleted }, 'What was over for long enough is deleted');
    } catch (thrown) {
      const { code, message } = classify(thrown);
      this.logger.warn(`What is over was not deleted: ${code}: ${message}`);
    }
  }
}
