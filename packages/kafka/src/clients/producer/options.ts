import type { Compression } from '@weir/topics';

import type { ClientStatistics } from '../statistics.js';

/**
 * `connecting`: no broker has answered yet. `refused`: brokers are there and do not let it in or let it write; somebody has to mend
 * credentials, certificates or rights, and then it goes on by itself. `failed`: the client is beyond use and is being replaced.
 */
export type ProducerState = 'connecting' | 'ready' | 'refused' | 'failed' | 'closed';

/** A line of librdkafka's own log. `severity` is syslog's: 3 error, 4 warning, 6 information. */
export interface ClientLogLine {
  readonly severity: number;
  readonly facility: string;
  readonly message: string;
}

/** What a producer tells metrics and logs. Called after the promises are settled; must not throw. */
export interface ProducerObserver {
  /** `count` records of one `send` were acknowledged; seconds from the call of `send`. */
  delivered?(topic: string, count: number, latencySeconds: number): void;
  /** `code` is librdkafka's (`ERR__MSG_TIMED_OUT`) or Weir's (`producer_queue_full`, …): a bounded set. */
  failed?(topic: string, code: string, count: number): void;
  stateChanged?(state: ProducerState, reason: string): void;
  logged?(line: ClientLogLine): void;
  /** Every ten seconds or so, of the native client. */
  statistics?(statistics: ClientStatistics): void;
}

/**
 * How one class of topics is written. Compression, linger and batch size belong to a producer and not to a topic, so
 * topics that differ in them have different producers.
 */
export interface ProducerOptions {
  /** Tells this producer apart in client ids and logs: `ingest`, `dead-letters`. */
  readonly name: string;
  readonly compression: Compression;
  /** How long a record waits for company. 1 or 2 ms keeps single sends quick; 5 ms costs two thirds of their throughput. */
  readonly lingerMs: number;
  /** Largest batch in bytes before compression; 1 MB unless given, and never above `maxMessageBytes`. */
  readonly batchBytes?: number;
  /**
   * The topics' `max.message.bytes`; 1 MiB unless given. A larger record is refused before anything is produced.
   */
  readonly maxMessageBytes?: number;
  /**
   * After this a record that was not acknowledged is given up. librdkafka looks about once a second, so a `send` is
   * settled within a second or so after it.
   */
  readonly deliveryTimeoutMs: number;
  /**
   * Calls of `send` with so many records or more, all of one topic, are acknowledged by group commit: several producers take turns, and a
   * record costs half as much. One record that fails leaves every call of its group `delivery_unknown`. Never unless given.
   */
  readonly groupFrom?: number;
  /** How long a `send` waits for the first connection before it is refused; a second unless given. */
  readonly connectWaitMs?: number;
  /** How many records, and how many bytes of them, may be under way. */
  readonly maxQueuedRecords: number;
  readonly maxQueuedBytes: number;
  /** Settings of librdkafka that go before those above, for what Weir has no word for. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly observer?: ProducerObserver;
}
