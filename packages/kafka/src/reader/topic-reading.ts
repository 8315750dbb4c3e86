import { KafkaConsumerError } from '@weir/errors';

import type { KafkaAdmin } from '../clients/admin/kafka-admin.js';
import { toConsumedRecord } from '../clients/consumed-record.js';
import { clientCode, clientCodes, consumerError, isFatal } from '../clients/consumer/client-errors.js';
import { grouplessSettings } from '../clients/consumer/groupless.js';
import { NativeClient, type NativeSettings } from '../clients/consumer/native-client.js';
import { Wake } from '../clients/consumer/wake.js';
import type { KafkaConnection } from '../connection.js';
import type { EndProof } from './end-proof.js';
import type { TopicReaderOptions } from './options.js';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 2_000;
/** How often the end of the topic is asked for, which is how old the proof of being there gets. */
const CHECK_INTERVAL_MS = 750;
/** The client wakes us when there is something; this is for what it does not tell of. */
const IDLE_MS = 200;
const MAX_RECORDS = 1_000;
// Kafka's OFFSET_BEGINNING.
const BEGINNING = -2;

/** One reading of a topic from its beginning, until it is stopped, the topic is gone or another, or the client is beyond use. */
export class TopicReading {
  readonly #admin: KafkaAdmin;
  readonly #options: TopicReaderOptions;
  readonly #proof: EndProof;
  readonly #client: NativeClient;
  readonly #wake = new Wake();
  /** Where `consume` came to the end of a partition: on a compacted topic that lies past the last record plus one. */
  readonly #endSeen = new Map<number, number>();
  #partitions: readonly number[] = [];
  #topicId = '';
  #over: KafkaConsumerError | null = null;

  constructor(connection: KafkaConnection, admin: KafkaAdmin, options: TopicReaderOptions, proof: EndProof) {
    this.#admin = admin;
    this.#options = options;
    this.#proof = proof;
    this.#client = new NativeClient(settings(connection), {
      rebalance: () => undefined,
      error: () => undefined,
      readable: () => this.#wake.call(),
      endOfPartition: ({ partition, offset }) => this.#endSeen.set(partition, offset),
    });
  }

  /** Resolves once stopped; rejects where the reading has to begin anew. `begun` is told the topic's id before the first record. */
  async run(signal: AbortSignal, begun: (topicId: string) => void): Promise<void> {
    const wake = (): void => this.#wake.call();
    signal.addEventListener('abort', wake);
    const finished = new AbortController();
    let checking: Promise<void> | undefined;
    try {
      await this.#assign();
      begun(this.#topicId);
      checking = this.#keepChecking(AbortSignal.any([signal, finished.signal]));
      while (!signal.aborted) {
        if (this.#over !== null) throw this.#over;
        if ((await this.#deliver()) === 0) await this.#wake.wait(IDLE_MS);
      }
    } finally {
      finished.abort();
      signal.removeEventListener('abort', wake);
      await checking;
      await this.#client.close();
    }
  }

  async #assign(): Promise<void> {
    const { topic } = this.#options;
    const [description] = await this.#admin.describeTopics([topic]);
    if (description === undefined) throw missing(topic);
    this.#topicId = description.topicId;
    this.#partitions = description.partitions.map((p) => p.partition);
    await this.#client.connect(CONNECT_TIMEOUT_MS);
    this.#client.assign(this.#partitions.map((partition) => ({ topic, partition, offset: BEGINNING })));
  }

  /** Takes what is there, and answers how many records that were. */
  async #deliver(): Promise<number> {
    const messages = await this.#client.consume(MAX_RECORDS).catch((error: unknown) => this.#endure(error));
    for (const message of messages) {
      const record = toConsumedRecord(message);
      try {
        this.#options.onRecord(record);
      } catch (error) {
        this.#options.observer?.recordFailed?.(record, error);
      }
    }
    // Only here, with no `consume` under way: the client's position counts records from when it hands them over.
    this.#proof.advance((partition) => this.#delivered(partition));
    return messages.length;
  }

  /** What reading may throw is told, and reading goes on, unless the client is beyond use. */
  #endure(error: unknown): [] {
    if (isFatal(error) || clientCode(error) === clientCodes.state) throw consumerError(error);
    this.#options.observer?.failed?.(consumerError(error));
    return [];
  }

  #delivered(partition: number): number {
    const position = this.#client.position({ topic: this.#options.topic, partition }) ?? 0;
    return Math.max(position, this.#endSeen.get(partition) ?? 0);
  }

  async #keepChecking(signal: AbortSignal): Promise<void> {
    const pause = new Wake();
    const end = (): void => pause.call();
    signal.addEventListener('abort', end);
    while (!signal.aborted && this.#over === null) {
      try {
        await this.#check();
      } catch (error) {
        // The proof grows older, and says so.
        if (!signal.aborted) this.#options.observer?.failed?.(consumerError(error));
      }
      if (!signal.aborted) await pause.wait(CHECK_INTERVAL_MS);
    }
    signal.removeEventListener('abort', end);
  }

  /** Asks whether the topic is still the one that is read, and where it ends. */
  async #check(): Promise<void> {
    const { topic } = this.#options;
    const askedAt = performance.now();
    const [description] = await this.#admin.describeTopics([topic]);
    if (description?.topicId !== this.#topicId || description.partitions.length !== this.#partitions.length) {
      this.#over = description === undefined ? missing(topic) : changed(topic);
      this.#wake.call();
      return;
    }
    const ends = await Promise.all(
      this.#partitions.map(async (partition) => {
        const { high } = await this.#client.watermarks({ topic, partition }, REQUEST_TIMEOUT_MS);
        return [partition, high] as const;
      }),
    );
    this.#proof.ask({ askedAt, ends: new Map(ends) });
    this.#wake.call();
  }
}

const missing = (topic: string): KafkaConsumerError =>
  new KafkaConsumerError(`The topic ${topic} is not there.`, { code: 'topic_missing', context: { topic } });

const changed = (topic: string): KafkaConsumerError =>
  new KafkaConsumerError(`The topic ${topic} was made anew or has more partitions.`, {
    code: 'topic_changed',
    context: { topic },
  });

const settings = (connection: KafkaConnection): NativeSettings => ({
  ...grouplessSettings(connection, 'reader'),
  'enable.partition.eof': true,
  // A connection answers in order, so the question where the topic ends waits behind a fetch that waits for records.
  'fetch.wait.max.ms': 100,
  'fetch.queue.backoff.ms': 50,
  'fetch.error.backoff.ms': 200,
});
