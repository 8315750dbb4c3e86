import { backoffMs } from '@weir/errors';
import { setTimeout as wait } from 'node:timers/promises';

import { KafkaAdmin } from '../clients/admin/kafka-admin.js';
import { consumerError } from '../clients/consumer/client-errors.js';
import type { KafkaConnection } from '../connection.js';
import { EndProof } from './end-proof.js';
import type { TopicReaderOptions } from './options.js';
import { TopicReading } from './topic-reading.js';

const BACKOFF = { minMs: 100, maxMs: 2_000 };
const REQUEST_TIMEOUT_MS = 2_000;

/**
 * Reads one whole topic from its beginning and goes on for ever, without joining a group: for a compacted topic that a process
 * keeps in memory.
 *
 * Guarantee: `onRecord` sees every record, in order within each partition, and again after the topic was made anew or the client had to
 * be rebuilt; so it has to be idempotent. Brokers and topic may be away at any time, also at the start. A new record arrives
 * within tens of milliseconds. It never commits anything.
 */
export class TopicReader {
  readonly #connection: KafkaConnection;
  readonly #options: TopicReaderOptions;
  readonly #admin: KafkaAdmin;
  readonly #proof = new EndProof();
  readonly #stopped = new AbortController();
  #topicId: string | null = null;
  #running: Promise<void> | null = null;

  constructor(connection: KafkaConnection, options: TopicReaderOptions) {
    this.#connection = { ...connection, clientId: `${connection.clientId}-reader` };
    this.#options = options;
    this.#admin = new KafkaAdmin(this.#connection, { timeoutMs: REQUEST_TIMEOUT_MS });
  }

  /** Whether the end of the topic that was seen at the start was reached. False again while a topic made anew is read. */
  get caughtUp(): boolean {
    return this.#proof.complete;
  }

  /**
   * Milliseconds since the reader was last known to have delivered everything in the topic; Infinity before it ever had. About a
   * second at most while Kafka is reachable; grows while it is not.
   */
  ageMs(): number {
    return this.#proof.ageMs();
  }

  /** Returns at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await this.#admin.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const reading = new TopicReading(this.#connection, this.#admin, this.#options, this.#proof);
      try {
        await reading.run(signal, (topicId) => {
          attempt = 1;
          this.#begin(topicId);
        });
      } catch (error) {
        if (!signal.aborted) this.#options.observer?.failed?.(consumerError(error));
      }
      this.#proof.forgetQuestion();
      await wait(backoffMs(attempt, BACKOFF), undefined, { signal }).catch(() => undefined);
    }
  }

  #begin(topicId: string): void {
    if (this.#topicId !== null && this.#topicId !== topicId) {
      this.#proof.reset();
      this.#options.observer?.recreated?.(topicId);
    }
    this.#topicId = topicId;
  }
}
