import { StoreUnavailableError } from '@weir/errors';
import { Outbox, type OutboxBacklog } from '@weir/outbox';
import { openPool, type PoolUse, poolUse, type PostgresConnection } from '@weir/postgres';
import type { Pool, PoolClient } from 'pg';

import { unavailable } from './faults.js';
import { beginWithLines, moveLinesAndCommit, readLedger } from './ledger.js';
import { LedgerAccountingError } from './ledger-errors.js';
import { PartitionKeeper } from './partitions.js';
import type { LedgerReport, PartitionRange, SettlementUnit } from './settlement.js';
import { LedgerUnit } from './unit.js';
import { BatchWriter } from './write/batch-writer.js';
import { KnownSeries } from './write/known-series.js';

/** Where everything of the store lives, its outbox too. */
export const STORE_SCHEMA = 'metrics';

export interface MetricsStoreOptions {
  /** How many identities of series are kept, at about half a kilobyte each. */
  readonly cachedSeries?: number;
  /** How many series are remembered as stored already, at 21 to 43 bytes each. */
  readonly knownSeries?: number;
}

/** One partition, and the offset to begin at. */
export interface StartOffset {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** The ledger's `next`. */
  readonly offset: number;
}

/**
 * The writing side of the metrics store. Connects on first use; every call rejects with StoreUnavailableError while the
 * database is away, and works again once it is back.
 */
export class MetricsStore {
  readonly partitions: PartitionKeeper;
  private readonly pool: Pool;
  private readonly known: KnownSeries;
  private readonly writer: BatchWriter;
  private readonly outbox = new Outbox(STORE_SCHEMA);

  constructor(
    connection: PostgresConnection,
    { cachedSeries = 200_000, knownSeries = 3_000_000 }: MetricsStoreOptions = {},
  ) {
    this.known = new KnownSeries({ identities: cachedSeries, ids: knownSeries });
    this.pool = openPool(connection);
    // Behind a new connection may be another server, one that took over without the last commits.
    this.pool.on('connect', () => this.known.forget());
    this.partitions = new PartitionKeeper(connection);
    this.writer = new BatchWriter(this.known, this.partitions);
  }

  /**
   * Settles ranges of offsets: rows and ledger lines commit together or not at all.
   *
   * Guarantee: when it resolves, each offset from its line's `next` up to `to` is counted once and what `work` wrote is
   * durable. When it rejects, the transaction is undone, or (a COMMIT without an answer) may have happened: calling again
   * with the same ranges is right in both cases, since `next` is read anew under the lock.
   *
   * Rejects with StoreUnavailableError, with what `work` threw, with LedgerBehindError, or with LedgerAccountingError.
   */
  async transaction(ranges: readonly PartitionRange[], work: (unit: SettlementUnit) => Promise<void>): Promise<void> {
    assertRanges(ranges);
    const client = await this.connect();
    const age = this.known.currentAge;
    try {
      const unit = await this.begin(client, ranges); // 1. holds each partition's line, `next` read under the lock
      await work(unit); //                              2. dead letters acknowledged, rows written
      await this.commit(client, unit); //               3. lines moved and everything committed as one
      this.known.confirm(unit.newSeries, age); //       4. only now may a series be taken for known
    } catch (thrown) {
      await this.abandon(client, thrown);
      throw thrown;
    }
    client.release();
  }

  /** Where the ledger has a line for a partition: the offset at which reading has to begin at the latest. */
  async startOffsets(
    partitions: readonly { topic: string; topicId: string; partition: number }[],
  ): Promise<readonly StartOffset[]> {
    try {
      const { rows } = await this.pool.query<{ at: string; next: string }>(
        `SELECT r.at, l.next FROM metrics.ledger l
         JOIN unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS r (topic_id, partition, at) USING (topic_id, partition)`,
        [partitions.map((p) => p.topicId), partitions.map((p) => p.partition)],
      );
      const next = new Map(rows.map((row) => [Number(row.at) - 1, Number(row.next)]));
      return partitions.flatMap(({ topic, topicId, partition }, i) => {
        const offset = next.get(i);
        return offset === undefined ? [] : [{ topic, topicId, partition, offset }];
      });
    } catch (thrown) {
      throw unavailable(thrown, 'the ledger was not read');
    }
  }

  /** The whole ledger, as `GET /ledger` answers it. */
  async ledger(): Promise<LedgerReport> {
    try {
      return await readLedger(this.pool);
    } catch (thrown) {
      throw unavailable(thrown, 'the ledger was not read');
    }
  }

  /** What of `enqueue` waits to be published. */
  async outboxBacklog(): Promise<OutboxBacklog> {
    try {
      return await this.outbox.backlog(this.pool);
    } catch (thrown) {
      throw unavailable(thrown, 'the outbox was not read');
    }
  }

  get poolUse(): PoolUse {
    return poolUse(this.pool);
  }

  /** A round trip; for health checks. */
  async ping(): Promise<void> {
    try {
      await this.pool.query('SELECT 1');
    } catch (thrown) {
      throw unavailable(thrown, 'the store does not answer');
    }
  }

  /** Waits for transactions under way, then closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.partitions.close()]);
  }

  private async connect(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (thrown) {
      throw unavailable(thrown, 'no connection to the store');
    }
  }

  private async begin(client: PoolClient, ranges: readonly PartitionRange[]): Promise<LedgerUnit> {
    try {
      return new LedgerUnit(client, this.writer, this.outbox, await beginWithLines(client, ranges));
    } catch (thrown) {
      throw unavailable(thrown, 'the ledger was not locked');
    }
  }

  private async commit(client: PoolClient, unit: LedgerUnit): Promise<void> {
    const moves = unit.close();
    try {
      await moveLinesAndCommit(client, moves);
    } catch (thrown) {
      throw unavailable(thrown, 'not committed, or not known to be');
    }
  }

  /** Gives the lines back. A connection on which anything of the database's failed is not used again. */
  private async abandon(client: PoolClient, thrown: unknown): Promise<void> {
    if (thrown instanceof StoreUnavailableError) {
      client.release(true);
      return;
    }
    await client.query('ROLLBACK').then(
      () => client.release(),
      () => client.release(true),
    );
  }
}

function assertRanges(ranges: readonly PartitionRange[]): void {
  const seen = new Set<string>();
  for (const { topic, partition, from, to } of ranges) {
    const name = `${topic}[${partition}]`;
    if (seen.has(name)) throw new LedgerAccountingError(`${name} is given twice`);
    seen.add(name);
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from)
      throw new LedgerAccountingError(`${name}: ${from} to ${to} is not a range of offsets`);
  }
}
