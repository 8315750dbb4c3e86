import kafka, {
  type ConsumerGlobalConfig,
  type ConsumerTopicConfig,
  type KafkaConsumer,
  type LibrdKafkaError,
  type Message,
} from '@confluentinc/kafka-javascript';
import { KafkaConsumerError } from '@weir/errors';
import { setTimeout as wait } from 'node:timers/promises';

import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import { inTurnToConnect } from '../connect-turns.js';
import { type Refusal, RefusalWatch } from '../refusal.js';
import { type ClientStatistics, clientStatistics } from '../statistics.js';
import {
  asNativeConsumer,
  type Callback,
  type ClientWatermarks,
  type CommittedOffset,
  type NativeConsumer,
  type StartingPartition,
} from './native-consumer.js';

/** Our own settings for librdkafka, and a callback that its type declarations do not know. */
export type NativeSettings = ConsumerGlobalConfig & ConsumerTopicConfig;

export interface NativeEvents {
  /** Partitions were given or are to be given up; nothing changes until `assign` or `unassign` answers it. */
  rebalance(kind: 'assign' | 'revoke' | 'lost', partitions: readonly TopicPartition[]): void;
  error(error: LibrdKafkaError): void;
  /** Brokers are there and do not let the client in; told again once one has answered meanwhile. */
  refused?(refusal: Refusal): void;
  /** There is something to consume. */
  readable(): void;
  /** Told where `statistics.interval.ms` is set. */
  statistics?(statistics: ClientStatistics): void;
  /** `consume` came to the end of a partition, which is this offset now; told where `enable.partition.eof` is set. */
  endOfPartition?(end: TopicPartitionOffset): void;
}

const ASSIGN_PARTITIONS = -175;
const CALL_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * The callback API of `KafkaConsumer` as promises, and a safe way to close it.
 *
 * Every call runs on a thread of libuv's pool with a raw pointer to the client, so the client must not be freed before all of them have come
 * back: `close` waits for that.
 */
export class NativeClient {
  private readonly raw: KafkaConsumer;
  private readonly consumer: NativeConsumer;
  /** Those whose answer is outstanding, in the order in which they were sent, which is that of the answers. */
  private readonly commits: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private readonly refusals: RefusalWatch;
  private underway = 0;
  private closing = false;

  /** Throws where librdkafka refuses the settings. */
  constructor(settings: NativeSettings, events: NativeEvents) {
    const callbacks = {
      rebalance_cb: (error: LibrdKafkaError, partitions: TopicPartition[]) => {
        this.rebalanced(error, partitions, events);
      },
      offset_commit_cb: (error: LibrdKafkaError | undefined) => {
        const commit = this.commits.shift();
        if (error === undefined) commit?.resolve();
        else commit?.reject(error);
      },
      queue_non_empty_cb: () => {
        events.readable();
      },
    };
    this.raw = new kafka.KafkaConsumer({ ...settings, ...callbacks });
    this.consumer = asNativeConsumer(this.raw);
    this.refusals = new RefusalWatch((refusal) => events.refused?.(refusal));
    this.consumer.on('event.log', ({ message }) => {
      this.refusals.heard(message);
    });
    this.consumer.on('event.stats', ({ message }) => {
      const statistics = clientStatistics(message);
      if (statistics !== null) events.statistics?.(statistics);
    });
    this.consumer.on('event.error', (error) => {
      events.error(error);
    });
    this.consumer.on('partition.eof', (end) => {
      events.endOfPartition?.(end);
    });
    // `consume` takes what is there and does not wait: it would hold a thread of the pool, and by default waits anew for each record.
    this.consumer.setDefaultConsumeTimeout(0);
  }

  private rebalanced(error: LibrdKafkaError, partitions: TopicPartition[], events: NativeEvents): void {
    // While closing, librdkafka waits for this answer before it leaves the group.
    if (this.closing) {
      if (error.code !== ASSIGN_PARTITIONS) this.consumer.incrementalUnassign(partitions);
      return;
    }
    const kind = error.code === ASSIGN_PARTITIONS ? 'assign' : this.consumer.assignmentLost() ? 'lost' : 'revoke';
    events.rebalance(kind, partitions);
  }

  /** Rejects where no broker answers within the time, with the reason where they refuse. The client is of no use then. */
  async connect(timeoutMs: number): Promise<void> {
    try {
      await inTurnToConnect(() => {
        if (this.closing) throw new KafkaConsumerError('The client is being closed', { code: 'consumer_not_running' });
        return this.call((done) => {
          this.consumer.connect({ allTopics: false, timeout: timeoutMs }, done);
        });
      });
    } catch (error) {
      const refusal = this.refusals.current;
      if (refusal === null) throw error;
      throw new KafkaConsumerError(refusal.why, { code: refusal.code, cause: error });
    }
    this.refusals.clear();
  }

  subscribe(topics: readonly (string | RegExp)[]): void {
    // As text: given a RegExp the binding prints it to stderr.
    this.consumer.subscribe(topics.map((topic) => (typeof topic === 'string' ? topic : topic.source)));
  }

  /** Takes up to `max` records that are there. Rejects with the client's error where it has one to tell and no record before it. */
  consume(max: number): Promise<Message[]> {
    return this.call((done) => {
      this.consumer.consume(max, done);
    });
  }

  /** Those without an offset begin at the group's. */
  assign(partitions: readonly (TopicPartition | StartingPartition)[]): void {
    this.consumer.incrementalAssign(partitions);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    this.consumer.incrementalUnassign(partitions);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.consumer.pause(plain(partitions));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.consumer.resume(plain(partitions));
  }

  /** Offset after the last record, or control record, that `consume` went past; null before the first. */
  position(partition: TopicPartition): number | null {
    const [answer] = this.consumer.position(plain([partition]));
    return answer?.offset === undefined || answer.offset < 0 ? null : answer.offset;
  }

  async seek({ topic, partition, offset }: TopicPartitionOffset): Promise<void> {
    await this.call((done) => {
      this.consumer.seek({ topic, partition, offset }, CALL_TIMEOUT_MS, done);
    });
  }

  /**
   * The group's committed offsets; partitions without one are left out. With `isolation.level` read_committed, those that a transaction is
   * about to commit are waited for (KIP-447); rejects (`offsets_unstable`) where its end does not come soon.
   */
  async committed(partitions: readonly TopicPartition[], timeoutMs = CALL_TIMEOUT_MS): Promise<TopicPartitionOffset[]> {
    const answers = await this.call<(CommittedOffset | Error)[]>((done) => {
      this.consumer.committed(plain(partitions), timeoutMs, done);
    });
    return answers.flatMap((answer) => {
      // The binding puts an error in the place of a partition, and of its code only the words are left.
      if (answer instanceof Error) throw committedFault(answer);
      const { topic, partition, offset } = answer;
      return offset === undefined || offset < 0 ? [] : [{ topic, partition, offset }];
    });
  }

  /**
   * Resolves once the group's coordinator has acknowledged the offsets, with the member's generation; the answer comes in with `consume`.
   *
   * Not by the binding's `commitCb`: that one calls back as soon as the request is queued, also where the coordinator then refuses
   * it, as it does in every rebalance. Only `offset_commit_cb` has its answer.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const commit = { resolve, reject };
      this.commits.push(commit);
      try {
        this.consumer.commit(offsets);
      } catch (error) {
        this.commits.splice(this.commits.indexOf(commit), 1);
        reject(error);
      }
    });
  }

  /** First offset at or after the time; the end where there is none. */
  offsetsForTime(partitions: readonly TopicPartition[], timeMs: number): Promise<TopicPartitionOffset[]> {
    const times = partitions.map(({ topic, partition }) => ({ topic, partition, offset: timeMs }));
    return this.call((done) => {
      this.consumer.offsetsForTimes(times, CALL_TIMEOUT_MS, done);
    });
  }

  /** First offset, and the offset after the last that may be read, as the partition's leader says now. */
  async watermarks(
    { topic, partition }: TopicPartition,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<{ low: number; high: number }> {
    const { lowOffset, highOffset } = await this.call<ClientWatermarks>((done) => {
      this.consumer.queryWatermarkOffsets(topic, partition, timeoutMs, done);
    });
    return { low: lowOffset, high: highOffset };
  }

  /** Lets somebody else's native call use the client, which is not freed before that has come back. */
  async lend<T>(use: (consumer: KafkaConsumer) => Promise<T>): Promise<T> {
    if (this.closing || !this.consumer.isConnected())
      throw new KafkaConsumerError('The client is not connected', { code: 'consumer_not_running' });
    this.underway += 1;
    try {
      return await use(this.raw);
    } finally {
      this.underway -= 1;
    }
  }

  /** Resolves once a broker has answered. */
  async ping(timeoutMs: number): Promise<void> {
    await this.call((done) => {
      this.consumer.getMetadata({ allTopics: false, timeout: timeoutMs }, done);
    });
    this.refusals.clear();
  }

  /**
   * Leaves the group and frees the client, once every call that is under way has come back. Resolves after 10 s at the latest, then
   * without either: the group finds out by the session time-out.
   */
  async close(): Promise<void> {
    this.closing = true;
    for (const commit of this.commits.splice(0)) commit.reject(new KafkaConsumerError('The client is being closed'));
    const deadline = Date.now() + CLOSE_TIMEOUT_MS;
    while (this.underway > 0 && Date.now() < deadline) await wait(5);
    if (this.underway > 0 || !this.consumer.isConnected()) return;
    const timer = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => {
        this.consumer.disconnect(resolve);
      }),
      wait(CLOSE_TIMEOUT_MS, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
  }

  private call<T>(start: (done: Callback<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.underway += 1;
      try {
        start((error, value) => {
          this.underway -= 1;
          if (error === null || error === undefined) resolve(value);
          else reject(error);
        });
      } catch (error) {
        this.underway -= 1;
        reject(error);
      }
    });
  }
}

const committedFault = (cause: Error): KafkaConsumerError =>
  new KafkaConsumerError(`The group's offsets: ${cause.message}`, {
    cause,
    ...(cause.message.includes('unstable offsets') && { code: 'offsets_unstable' }),
  });

function plain(partitions: readonly TopicPartition[]): TopicPartition[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition }));
}
