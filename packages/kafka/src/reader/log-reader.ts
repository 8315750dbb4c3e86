import { KafkaConsumerError } from '@weir/errors';

import { toConsumedRecord } from '../clients/consumed-record.js';
import { consumerError } from '../clients/consumer/client-errors.js';
import { grouplessSettings } from '../clients/consumer/groupless.js';
import { NativeClient } from '../clients/consumer/native-client.js';
import { Wake } from '../clients/consumer/wake.js';
import type { KafkaConnection } from '../connection.js';
import type { ConsumedRecord, TopicPartition, TopicPartitionOffset } from '../records.js';

/** Offsets `from` (inclusive) to `to` (exclusive) of one partition. */
export interface LogRange extends TopicPartition {
  readonly from: number;
  readonly to: number;
}

type RecordSink = (records: readonly ConsumedRecord[]) => void | Promise<void>;

export interface LogReaderOptions {
  /** Tells this reader apart in client ids. */
  readonly name: string;
  /** How long a range may bring nothing before it is given up; 15 s unless given. */
  readonly patienceMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_POLL_MS = 20;
const MAX_POLL_RECORDS = 200;

/**
 * Reads stretches of a log by their offsets: without a group, without a position of its own, and without ever committing.
 *
 * It sees what a read_committed reader sees, and its calls run one after the other on one client, which is made at the first call and made
 * anew after one that failed. Every failure is a KafkaConsumerError: `kafka_unavailable` where nothing comes for `patienceMs`.
 */
export class LogReader {
  readonly #connection: KafkaConnection;
  readonly #options: LogReaderOptions;
  readonly #readable = new Wake();
  /** Where `consume` last came to the end of a partition. */
  #end: TopicPartitionOffset | null = null;
  #client: NativeClient | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(connection: KafkaConnection, options: LogReaderOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Resolves once every record of the range was given to `onRecords`, in order and some at a time; it has to lie below the high watermark. What
   * an open transaction holds back is waited for; what is deleted or aborted is left out. An error of `onRecords` ends the reading and is thrown on.
   */
  read(range: LogRange, onRecords: RecordSink, signal?: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async (client) => {
      if (range.from >= range.to) return;
      const { topic, partition, from: offset } = range;
      const start = { topic, partition, offset };
      client.assign([start]);
      await this.#readTo(client, range, onRecords, signal);
      client.unassign([start]);
      // What was fetched past the range, so that the next one finds nothing of it.
      await client.consume(MAX_POLL_RECORDS);
    });
  }

  /** Offset of the first record that was stamped at or after the time (epoch milliseconds); the end where there is none. */
  offsetAt(at: TopicPartition, timeMs: number, signal?: AbortSignal): Promise<number> {
    return this.#inTurn(signal, async (client) => {
      const [answer] = await client.offsetsForTime([at], Math.max(0, timeMs));
      if (answer !== undefined && answer.offset >= 0) return answer.offset;
      return (await client.watermarks(at)).high;
    });
  }

  /** Lets what is under way end, and frees the client. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#readable.call();
    await this.#queue;
    await this.#release();
  }

  #inTurn<T>(signal: AbortSignal | undefined, work: (client: NativeClient) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      signal?.throwIfAborted();
      try {
        return await work(await this.#connected());
      } catch (error) {
        // Whatever it was at, the next call is to find nothing of it.
        await this.#release();
        throw error;
      }
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #connected(): Promise<NativeClient> {
    if (this.#closed) throw closed();
    if (this.#client !== null) return this.#client;
    const settings = {
      ...grouplessSettings(this.#connection, this.#options.name),
      'enable.partition.eof': true,
      'fetch.wait.max.ms': 50,
      'fetch.error.backoff.ms': 100,
      'queued.max.messages.kbytes': 16_384,
    };
    const client = new NativeClient(settings, {
      rebalance: () => undefined,
      error: () => undefined,
      readable: () => this.#readable.call(),
      endOfPartition: (end) => (this.#end = end),
    });
    this.#client = client;
    await client.connect(CONNECT_TIMEOUT_MS).catch((error: unknown) => {
      throw consumerError(error);
    });
    return client;
  }

  async #readTo(
    client: NativeClient,
    range: LogRange,
    onRecords: RecordSink,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { patienceMs = 15_000 } = this.#options;
    let reached = range.from;
    for (let quietSince = performance.now(); reached < range.to;) {
      signal?.throwIfAborted();
      if (this.#closed) throw closed();
      this.#end = null;
      const messages = await client.consume(MAX_POLL_RECORDS).catch((error: unknown) => {
        throw consumerError(error);
      });
      const records = messages.map(toConsumedRecord);
      const within = records.filter(({ offset }) => offset < range.to);
      if (within.length > 0) await onRecords(within);
      reached = Math.max(reached, (records.at(-1)?.offset ?? -1) + 1);
      // Past records that are not there (aborted, deleted, control records) only the end of the partition tells.
      reached = Math.max(reached, this.#endOf(range));
      if (messages.length > 0) quietSince = performance.now();
      else if (performance.now() - quietSince > patienceMs) throw stuck(range, reached, patienceMs);
      else if (reached < range.to) await this.#readable.wait(IDLE_POLL_MS);
    }
  }

  #endOf({ topic, partition }: LogRange): number {
    const end = this.#end;
    return end !== null && end.topic === topic && end.partition === partition ? end.offset : -1;
  }

  async #release(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.close();
  }
}

const closed = (): KafkaConsumerError =>
  new KafkaConsumerError('The reader is closed', { code: 'consumer_not_running' });

const stuck = ({ topic, partition, to }: LogRange, reached: number, patienceMs: number): KafkaConsumerError =>
  new KafkaConsumerError(`${topic}[${partition}] gave nothing past ${reached} of ${to} for ${patienceMs} ms`, {
    code: 'kafka_unavailable',
  });
