import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import { backoffMs, KafkaConsumerError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import { consumerError } from './client-errors.js';
import { ConsumerSession } from './consumer-session.js';
import { type BatchConsumerOptions, type ConsumerSettings, consumerSettings, type ConsumerState } from './options.js';
import { Pauses } from './pauses.js';
import { StateBoard } from './state-board.js';
import { Wake } from './wake.js';

const REBUILD_BACKOFF = { minMs: 250, maxMs: 10_000 };

// Short at first, so that brokers that are away are told of soon; longer then, for slow networks.
const connectTimeoutMs = (failures: number): number => Math.min(10_000, 1_000 * 2 ** Math.min(failures, 4));

export interface PartitionWatermarks extends TopicPartition {
  /** Offset of the first record that is still there. */
  readonly low: number;
  /** Offset after the last record that may be read. */
  readonly high: number;
}

export type SeekTarget = 'beginning' | 'end' | { readonly timeMs: number };

/**
 * A member of a consumer group that hands its records to one handler, batch by batch.
 *
 * Guarantee: an offset is committed only after the handler resolved for every record below it while the partition was ours. A
 * record is delivered at least once; within a partition in offset order; and never given up, whatever the handler rejects with.
 */
export class BatchConsumer {
  private readonly settings: ConsumerSettings;
  private readonly pauses = new Pauses();
  private readonly board: StateBoard;
  private readonly wake = new Wake();
  private session: ConsumerSession | null = null;
  private stopping = false;
  private working: Promise<void> | null = null;

  /** Throws a RangeError where the time-outs in the options contradict each other. */
  constructor(
    private readonly connection: KafkaConnection,
    options: BatchConsumerOptions,
  ) {
    this.settings = consumerSettings(options);
    this.board = new StateBoard(this.settings.notify);
  }

  get state(): ConsumerState {
    return this.board.state;
  }

  get assignment(): readonly TopicPartition[] {
    return this.session === null ? [] : [...this.session.assignment].map((owner) => owner.toJSON());
  }

  /** For each assigned partition the offset of the next record to be settled; those of which none was settled yet are left out. */
  get position(): readonly TopicPartitionOffset[] {
    return this.session?.positions() ?? [];
  }

  /** Partitions that are assigned and of which nothing is in hand: neither fetched nor with the handler. */
  get idle(): readonly TopicPartition[] {
    return this.session?.idle() ?? [];
  }

  /** Resolves at once. Connecting, joining and whatever goes wrong with it goes on in the background; `state` tells. */
  start(): Promise<void> {
    this.working ??= this.keepRunning();
    return Promise.resolve();
  }

  /**
   * Takes no new batch, waits for the one in progress, commits and leaves the group. Past `timeoutMs` the batch's signal fires and it is
   * left, uncommitted, to whoever gets the partitions next.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.stopping = true;
    this.wake.call();
    await this.session?.close(timeoutMs);
    await this.working;
    this.board.report({ stopped: true });
  }

  /**
   * Delivers nothing more of these partitions, or of any now and later, until `resume`. A batch that is in progress goes on, except that one
   * which waits for its next try keeps waiting while all of its partitions are paused. Membership and offsets are kept.
   */
  pause(partitions?: readonly TopicPartition[]): void {
    this.pauses.set(true, partitions);
    this.session?.pausesChanged();
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.pauses.set(false, partitions);
    this.session?.pausesChanged();
  }

  /**
   * Goes on at these offsets; partitions that are not assigned are passed over. A batch in progress that has records of them is told to give up, and
   * its outcome for them is not committed. Rejects with `consumer_not_running` where there is no client.
   */
  async seek(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    await this.connected().seek(offsets);
  }

  /**
   * As `seek`, where somebody else has settled all that lies below: these offsets are committed. Partitions that are as far already are
   * passed over.
   */
  async advance(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    await this.connected().advance(offsets);
  }

  /** As `seek`, to the first record, past the last, or to the first record at or after a time; all assigned partitions unless given. */
  async seekTo(target: SeekTarget, partitions?: readonly TopicPartition[]): Promise<void> {
    const session = this.connected();
    const owners = session.assignment.select(partitions).map((owner) => owner.toJSON());
    await session.seek(await this.resolve(session, target, owners));
  }

  /** Asked from the brokers, for all assigned partitions unless given. */
  async watermarks(partitions?: readonly TopicPartition[]): Promise<PartitionWatermarks[]> {
    const { client, assignment } = this.connected();
    const answers: PartitionWatermarks[] = [];
    for (const { topic, partition } of partitions ?? assignment.select())
      answers.push({ topic, partition, ...(await client.watermarks({ topic, partition })) });
    return answers;
  }

  /**
   * Lets a transaction carry this member's identity: its group, id and generation (KIP-447). For `TransactionalProducer.sendOffsets`.
   * Also while it stops, as long as the handler is waited for. Rejects with `consumer_not_running` where there is no client.
   *
   * @internal
   */
  async asMember<T>(use: (member: KafkaConsumer) => Promise<T>): Promise<T> {
    if (this.session === null) throw notRunning();
    return this.session.client.lend(use);
  }

  private async resolve(
    { client }: ConsumerSession,
    target: SeekTarget,
    partitions: readonly TopicPartition[],
  ): Promise<TopicPartitionOffset[]> {
    const ends = typeof target === 'object' ? await client.offsetsForTime(partitions, target.timeMs) : [];
    const targets: TopicPartitionOffset[] = [];
    for (const { topic, partition } of partitions) {
      const found = ends.find((answer) => answer.topic === topic && answer.partition === partition)?.offset ?? -1;
      const marks = found < 0 ? await client.watermarks({ topic, partition }) : null;
      targets.push({
        topic,
        partition,
        offset: marks === null ? found : target === 'beginning' ? marks.low : marks.high,
      });
    }
    return targets;
  }

  private connected(): ConsumerSession {
    if (this.session === null || this.stopping) throw notRunning();
    return this.session;
  }

  /** One session after another until `stop`: a client that met a fatal error is of no use any more. Never rejects. */
  private async keepRunning(): Promise<void> {
    for (let failures = 0; !this.stopping;) {
      const began = Date.now();
      try {
        await this.runSession(connectTimeoutMs(failures));
      } catch (error) {
        const failure = consumerError(error);
        this.settings.notify('failed', failure, '');
        if (failure.code === 'kafka_unavailable') this.board.report({ kafkaReachable: false, refused: null });
        else if (isRefusal(failure)) this.board.report({ kafkaReachable: false, refused: failure.code });
        else this.board.report({ failed: failure.code });
        failures = Date.now() - began > 60_000 ? 1 : failures + 1;
        if (!this.isStopping()) await this.wake.wait(backoffMs(failures, REBUILD_BACKOFF));
      }
    }
  }

  private async runSession(timeoutMs: number): Promise<void> {
    const session = new ConsumerSession(this.connection, this.settings, this.pauses, this.board);
    this.session = session;
    try {
      await session.run(timeoutMs);
    } catch (error) {
      this.session = null;
      await session.discard();
      // One handler at a time, also across clients: the next must not write what this one may still be writing.
      await session.atRest();
      throw error;
    }
  }

  private isStopping(): boolean {
    return this.stopping;
  }
}

const isRefusal = ({ code }: KafkaConsumerError): boolean =>
  code === 'kafka_authentication_failed' || code === 'kafka_tls_failed';

const notRunning = (): KafkaConsumerError =>
  new KafkaConsumerError('The consumer has no connection to Kafka at the moment', { code: 'consumer_not_running' });
