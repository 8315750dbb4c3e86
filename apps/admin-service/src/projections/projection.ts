import { KafkaAdminError, messageOf } from '@weir/errors';
import type {
  BatchConsumer,
  ConsumedRecord,
  KafkaAdmin,
  RecordBatch,
  TopicPartition,
  TopicPartitionOffset,
} from '@weir/kafka';
import { Rounds } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';

import type { Database, Transaction } from '../database/database.js';
import { type Move, Positions, ProjectionMovedError } from './positions.js';

/** What is made of a topic's records. */
export interface Projected {
  /** Told of records that are fetched, whose turn comes later or, where their partition goes, never. Changes nothing that anybody sees. */
  begin?(records: readonly ConsumedRecord[]): void;
  /** In the transaction that moves the position. Idempotent it need not be. */
  apply(transaction: Transaction, records: readonly ConsumedRecord[]): Promise<void>;
  /** Deletes all that was made of the topic. */
  clear(transaction: Transaction): Promise<void>;
}

export interface ProjectionParts {
  /** Under its name on the brokers. */
  readonly topic: string;
  readonly database: Database;
  readonly admin: Pick<KafkaAdmin, 'describeTopics'>;
  readonly projected: Projected;
  /** Null while there is none. */
  readonly consumer: () => Pick<BatchConsumer, 'idle' | 'seek'> | null;
  readonly logger: Logger;
}

const LOOK_INTERVAL_MS = 2_000;

/**
 * Keeps in the database what a topic tells, each record once: the rows and the position that they lead to commit together
 * (guarantees, rule 17).
 *
 * Several members share the partitions; whoever is late finds the position moved, and leaves out what the other did. Where somebody has sent the
 * position back, for everything to be read anew, or the topic is another one than was read, reading goes back as well.
 */
export class Projection {
  private readonly positions: Positions;
  /** Where each partition's position stood when it was last seen or moved. */
  private readonly known = new Map<number, number>();
  /** Partitions whose position was sent back and where reading has not gone back yet: what still comes of them is of no use. */
  private readonly goingBack = new Set<number>();
  private readonly rounds = new Rounds(() => this.look(), LOOK_INTERVAL_MS);

  constructor(private readonly parts: ProjectionParts) {
    this.positions = new Positions(parts.topic);
  }

  /** Looks every two seconds whether the position was sent back while no record arrives that would find out. */
  start(): void {
    this.rounds.start();
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /** Where partitions that were just assigned go on. What was made of a topic that is not there any more is cleared. */
  async starts(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const { topic } = this.parts;
    const numbers = partitions.map(({ partition }) => partition);
    const next = await this.begun(numbers);
    for (const partition of numbers) {
      this.known.set(partition, next.get(partition) ?? 0);
      this.goingBack.delete(partition);
    }
    return numbers.map((partition) => ({ topic, partition, offset: next.get(partition) ?? 0 }));
  }

  /** Tells of records that are fetched and not yet to be taken. */
  fetched(records: readonly ConsumedRecord[]): void {
    this.parts.projected.begin?.(records);
  }

  async take({ records, signal }: Pick<RecordBatch, 'records' | 'signal'>): Promise<void> {
    for (;;) {
      // Reading that has gone back gives up what it was at: what comes before these records is to be read first.
      if (signal.aborted || records.some(({ partition }) => this.goingBack.has(partition))) throw this.sentBack();
      const fresh = records.filter(({ partition, offset }) => offset >= (this.known.get(partition) ?? 0));
      if (fresh.length === 0) return;
      const moves = this.movesOf(fresh);
      try {
        await this.parts.database.transaction(async (transaction) => {
          await this.positions.move(transaction, moves);
          await this.parts.projected.apply(transaction, fresh);
        });
        for (const { partition, to } of moves) this.known.set(partition, to);
        return;
      } catch (thrown) {
        if (!(thrown instanceof ProjectionMovedError)) throw thrown;
        await this.seeWhereItStands(moves.map(({ partition }) => partition));
      }
    }
  }

  /** Offset of the next record to be read, by partition. */
  async reached(): Promise<ReadonlyMap<number, number>> {
    const positions = await this.positions.next(this.parts.database);
    return new Map([...positions].map(([partition, { next }]) => [partition, next]));
  }

  /** Everything is read again. What was made of the topic is gone until then. */
  async rebuild(transaction: Transaction): Promise<void> {
    const standing = [...(await this.positions.next(transaction)).entries()];
    await this.forget(transaction);
    const topicId = standing[0]?.[1].topicId;
    if (topicId !== undefined)
      await this.positions.begin(
        transaction,
        topicId,
        standing.map(([partition]) => partition),
      );
  }

  private async begun(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { topic, admin, database, logger } = this.parts;
    const [described] = await admin.describeTopics([topic]);
    if (described === undefined)
      throw new KafkaAdminError(`The topic ${topic} is not there.`, { code: 'topic_missing' });
    const { topicId } = described;
    return database.transaction(async (transaction) => {
      const before = await this.positions.next(transaction);
      if ([...before.values()].some((position) => position.topicId !== topicId)) {
        logger.warn({ topic, topicId }, 'The topic was made anew: what was made of the one before is dropped');
        await this.forget(transaction);
      }
      await this.positions.begin(transaction, topicId, partitions);
      const after = await this.positions.next(transaction);
      return new Map([...after].map(([partition, { next }]) => [partition, next]));
    });
  }

  /** Positions first, as whoever takes a batch does. */
  private async forget(transaction: Transaction): Promise<void> {
    await this.positions.forget(transaction);
    await this.parts.projected.clear(transaction);
  }

  private movesOf(records: readonly ConsumedRecord[]): Move[] {
    const moves = new Map<number, Move>();
    for (const { partition, offset } of records)
      moves.set(partition, { partition, from: this.known.get(partition) ?? 0, to: offset + 1 });
    return [...moves.values()].toSorted((a, b) => a.partition - b.partition);
  }

  /**
   * Learns where these stand. Those that stand further back than was known are to be read again from there; than was known before the question,
   * since a batch may move on while it is asked.
   */
  private async seeWhereItStands(partitions: readonly number[]): Promise<void> {
    const before = new Map(partitions.map((partition) => [partition, this.known.get(partition) ?? 0]));
    const standing = await this.positions.next(this.parts.database);
    for (const [partition, known] of before) {
      const next = standing.get(partition)?.next ?? 0;
      if (next < known) this.goingBack.add(partition);
      if (next < known || next > (this.known.get(partition) ?? 0)) this.known.set(partition, next);
    }
  }

  /** Never rejects: what is away is asked again with the next look. */
  private async look(): Promise<void> {
    try {
      const idle = this.parts.consumer()?.idle.map(({ partition }) => partition) ?? [];
      await this.seeWhereItStands(idle.filter((partition) => this.known.has(partition)));
      await this.goBack();
    } catch (error) {
      this.parts.logger.debug({ error }, 'Not looked where the projection stands');
    }
  }

  /** Going back is not awaited by the batch, since it ends the batch. */
  private sentBack(): ProjectionMovedError {
    void this.goBack();
    return new ProjectionMovedError(this.parts.topic);
  }

  /** Never rejects: a batch that comes too early finds out again. */
  private async goBack(): Promise<void> {
    const { consumer, logger, topic } = this.parts;
    const partitions = [...this.goingBack];
    if (partitions.length === 0) return;
    try {
      await consumer()?.seek(
        partitions.map((partition) => ({ topic, partition, offset: this.known.get(partition) ?? 0 })),
      );
      for (const partition of partitions) this.goingBack.delete(partition);
      logger.info({ topic, partitions }, 'Reading the topic again');
    } catch (error) {
      logger.warn({ topic }, `Could not go back: ${messageOf(error)}`);
    }
  }
}
