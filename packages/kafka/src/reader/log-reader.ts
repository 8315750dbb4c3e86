import { KafkaConsumerError } from '@weir/errors';

import { toConsumedRecord } from '../clients/consumed-record.js';
import { consumerError } from '../clients/consumer/client-errors.js';
import { grouplessSettings } from '../clients/consumer/groupless.js';
import { NativeClient } from '../clients/consumer/native-client.js';
import { Wake } from '../clients/consumer/wake.js';
import type { KafkaConnection } from '../connection.js';
import { type ConsumedRecord, type OffsetRange, partitionKey, type TopicPartition } from '../records.js';

/** Takes records as they come; where it answers `enough`, the reading ends there. */
type RecordSink = (records: readonly ConsumedRecord[]) => void | 'enough' | Promise<void | 'enough'>;

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
 * anew after one that failed. Whoever waits for its turn leaves the line when its signal aborts. Every failure is a KafkaConsumerError: `kafka_unavailable` where nothing comes for `patienceMs`.
 */
export class LogReader {
  readonly #connection: KafkaConnection;
  readonly #options: LogReaderOptions;
  readonly #readable = new Wake();
  /** Where `consume` came to the end of partitions. */
  readonly #ends = new Map<string, number>();
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
  read(range: OffsetRange, onRecords: RecordSink, signal?: AbortSignal): Promise<void> {
    return this.readAll([range], onRecords, signal);
  }

  /** As `read`, of several partitions at the same time: a range of each. `onRecords` is given records of any of them, in order by partition. */
  readAll(ranges: readonly OffsetRange[], onRecords: RecordSink, signal?: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async (client) => {
      const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [partitionKey(range), range]));
      if (open.size === 0) return;
      client.assign([...open.values()].map(({ topic, partition, from: offset }) => ({ topic, partition, offset })));
      await this.#readTo(client, open, onRecords, signal);
      // What was fetched past the ranges, so that the next ones find nothing of it.
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
    const before = this.#queue;
    const turn = this.#turnAfter(before, signal, work);
    // Whoever leaves the line lets nobody pass who is before it.
    this.#queue = Promise.allSettled([before, turn]).then(() => undefined);
    return turn;
  }

  async #turnAfter<T>(
    before: Promise<unknown>,
    signal: AbortSignal | undefined,
    work: (client: NativeClient) => Promise<T>,
  ): Promise<T> {
    await endedOrAborted(before, signal);
    try {
      return await work(await this.#connected());
    } catch (error) {
      // Whatever it was at, the next call is to find nothing of it.
      await this.#release();
      throw error;
    }
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
      endOfPartition: (end) => this.#ends.set(partitionKey(end), end.offset),
    });
    this.#client = client;
    await client.connect(CONNECT_TIMEOUT_MS).catch((error: unknown) => {
      throw consumerError(error);
    });
    return client;
  }

  /** Takes a range out of `open`, and its partition from the client, as its end is reached. */
  async #readTo(
    client: NativeClient,
    open: Map<string, OffsetRange>,
    onRecords: RecordSink,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { patienceMs = 15_000 } = this.#options;
    const reached = new Map([...open].map(([key, { from }]) => [key, from]));
    this.#ends.clear();
    for (let quietSince = performance.now(); ;) {
      signal?.throwIfAborted();
      if (this.#closed) throw closed();
      const messages = await client.consume(MAX_POLL_RECORDS).catch((error: unknown) => {
        throw consumerError(error);
      });
      const records = messages.map(toConsumedRecord);
      const within = records.filter((record) => record.offset < (open.get(partitionKey(record))?.to ?? 0));
      if (within.length > 0 && (await onRecords(within)) === 'enough') {
        client.unassign([...open.values()].map(({ topic, partition }) => ({ topic, partition })));
        return;
      }
      for (const record of records) reached.set(partitionKey(record), record.offset + 1);
      for (const [key, range] of open) {
        // Past records that are not there (aborted, deleted, control records) only the end of the partition tells.
        const at = Math.max(reached.get(key) ?? 0, this.#ends.get(key) ?? 0);
        reached.set(key, at);
        if (at < range.to) continue;
        open.delete(key);
        client.unassign([{ topic: range.topic, partition: range.partition }]);
      }
      const [waiting] = open;
      if (waiting === undefined) return;
      if (messages.length > 0) quietSince = performance.now();
      else if (performance.now() - quietSince > patienceMs)
        throw stuck(waiting[1], reached.get(waiting[0]) ?? 0, patienceMs);
      else await this.#readable.wait(IDLE_POLL_MS);
    }
  }

  async #release(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.close();
  }
}

/** Resolves once `before` has; rejects with the signal's reason where that comes first. */
async function endedOrAborted(before: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await before;
    return;
  }
  signal.throwIfAborted();
  const ended = new AbortController();
  const left = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: ended.signal });
  });
  try {
    await Promise.race([before, left]);
  } finally {
    ended.abort();
  }
}

const closed = (): KafkaConsumerError =>
  new KafkaConsumerError('The reader is closed', { code: 'consumer_not_running' });

const stuck = ({ topic, partition, to }: OffsetRange, reached: number, patienceMs: number): KafkaConsumerError =>
  new KafkaConsumerError(`${topic}[${partition}] gave nothing past ${reached} of ${to} for ${patienceMs} ms`, {
    code: 'kafka_unavailable',
  });
