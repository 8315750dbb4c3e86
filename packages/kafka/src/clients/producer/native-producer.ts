import kafka, {
  type LibrdKafkaError,
  type MessageHeader,
  type Producer,
  type ProducerGlobalConfig,
  type ProducerTopicConfig,
} from '@confluentinc/kafka-javascript';

import { messageOf } from '@weir/errors';

import { inTurnToConnect } from '../connect-turns.js';
import { nativeCall } from '../native-call.js';
import { type ClientStatistics, clientStatistics, STATISTICS_INTERVAL_MS } from '../statistics.js';
import type { RecordBlock } from '../../record-block.js';
import type { OutgoingRecord, RecordHeader } from '../../records.js';
import type { ClientLogLine, ProducerOptions } from './options.js';

const { ERR__FATAL, ERR__STATE, ERR__TIMED_OUT } = kafka.CODES.ERRORS;

/** What librdkafka's log tells of as fatal, which no call does before the next record. */
export const fatalError = (message: string): LibrdKafkaError => ({
  message,
  code: ERR__FATAL,
  errno: ERR__FATAL,
  origin: 'local',
  isFatal: true,
});

/** What librdkafka calls on the main thread. `opaque` is what was given to `produceRecord`. */
export interface NativeProducerHandlers {
  report(error: LibrdKafkaError | null, opaque: unknown, topic: string, partition: number, offset: number): void;
  /** The idempotent or transactional producer can never deliver again. */
  fatal(error: LibrdKafkaError): void;
  log?(line: ClientLogLine): void;
  statistics?(statistics: ClientStatistics): void;
}

/** librdkafka takes a topic's settings among the global ones, as the default of every topic. */
export type ProducerSettings = ProducerGlobalConfig & ProducerTopicConfig;

/** How many of many records the client took, in their order, and why it did not take the next one. */
export interface Taken {
  readonly produced: number;
  readonly error: LibrdKafkaError | null;
}

/** The settings that every producer of Weir has: nothing is lost, doubled or reordered on the way to the log. */
export function durableSettings(
  options: Pick<ProducerOptions, 'compression' | 'lingerMs' | 'batchBytes' | 'maxMessageBytes' | 'deliveryTimeoutMs'>,
): ProducerSettings {
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  return {
    'request.required.acks': -1,
    'enable.idempotence': true,
    'compression.codec': options.compression,
    // A published client would lose a first request that is refused where the one behind it is taken (KAFKA-15591).
    ...(isPatched() ? {} : { 'max.in.flight.requests.per.connection': 1 }),
    'linger.ms': options.lingerMs,
    'batch.size': Math.min(options.batchBytes ?? DEFAULT_BATCH_BYTES, maxMessageBytes),
    'message.max.bytes': maxMessageBytes,
    'message.timeout.ms': options.deliveryTimeoutMs,
    // As Java clients do, so that a key has one partition whoever writes it; librdkafka's own default differs.
    partitioner: 'murmur2_random',
    dr_cb: true,
    'statistics.interval.ms': STATISTICS_INTERVAL_MS,
  };
}

export const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024;
const DEFAULT_BATCH_BYTES = 1_000_000;

let patched: boolean | undefined;

/** Whether the client was compiled with what Weir's patch changes in its C and C++ (docs/adr/0018); its JavaScript is patched either way. */
export function isPatched(): boolean {
  return (patched ??= 'producePacked' in Object(Reflect.get(new kafka.Producer({}), '_client')));
}

/** One librdkafka producer, from its connection to its end. */
export class NativeProducer {
  readonly client: Producer;
  readonly #handlers: NativeProducerHandlers;
  readonly #tooLarge: number;
  readonly #tellsErrorsAlone: boolean;
  #lastTopic: string | null = null;

  constructor(settings: ProducerSettings, handlers: NativeProducerHandlers) {
    this.#handlers = handlers;
    this.#tooLarge = (settings['message.max.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES) + 1;
    this.#tellsErrorsAlone = settings['delivery.report.only.error'] === true;
    this.client = new kafka.Producer(settings);
    this.client.on('event.error', () => this.#seeWhetherDead());
    this.client.on('event.log', (line: { severity: number; fac: string; message: string }) =>
      handlers.log?.({ severity: line.severity, facility: line.fac, message: line.message }),
    );
    this.client.on('event.stats', ({ message }: { readonly message: string }) => {
      const statistics = clientStatistics(message);
      if (statistics !== null) handlers.statistics?.(statistics);
    });
    this.client.on('delivery-report', (error: LibrdKafkaError | null, report) => {
      handlers.report(error, report.opaque, report.topic, report.partition, report.offset);
      if (error !== null && isFatal(error)) handlers.fatal(error);
    });
  }

  /** Resolves once a broker answered; rejects with the LibrdKafkaError after `timeoutMs`, and is then of no further use. Not begun once `signal` fired. */
  async connect(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    await inTurnToConnect(() => {
      signal?.throwIfAborted();
      return nativeCall((done) => this.client.connect({ timeout: timeoutMs }, done));
    });
    // Where each record is reported, reports come from librdkafka's own thread as they happen: p50 of a single send 1.9 ms, and 18% more of
    // them than by asking each millisecond. Before the connection stands this ended in a segmentation fault.
    if (!this.#tellsErrorsAlone) this.client.setPollInBackground(true);
    else this.client.setPollInterval(EVENTS_EVERY_MS);
  }

  /** True once nothing is under way; false where it still was after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    try {
      await nativeCall<unknown>((done) => this.client.flush(timeoutMs, (error) => done(error, undefined)));
      return true;
    } catch (thrown) {
      if (isNative(thrown) && thrown.code === ERR__TIMED_OUT) return false;
      throw thrown;
    }
  }

  /** Resolves once a broker has answered. */
  async ping(timeoutMs: number): Promise<void> {
    await nativeCall((done) => this.client.getMetadata({ allTopics: false, timeout: timeoutMs }, done));
  }

  /** Hands one record to librdkafka's queue. Returns the error where it was not taken. */
  produce(record: OutgoingRecord, headers: MessageHeader[] | undefined, opaque?: object): LibrdKafkaError | null {
    const { topic, key, value } = record;
    this.#lastTopic = topic;
    try {
      this.client.produce(
        topic,
        record.partition ?? -1,
        value === null ? null : sendableBytes(value),
        sendableKey(key),
        record.timestampMs,
        opaque,
        headers,
      );
      return null;
    } catch (thrown) {
      const error = nativeError(thrown);
      if (isFatal(error)) this.#handlers.fatal(error);
      return error;
    }
  }

  /** The same for records of one topic whose partitions their keys decide, in one call. */
  produceMany(
    topic: string,
    records: readonly Pick<OutgoingRecord, 'key' | 'value'>[],
    headers: MessageHeader[] | undefined,
  ): Taken {
    const values = records.map(({ value }) => (value === null ? null : sendableBytes(value)));
    const keys = records.map(({ key }) => sendableKey(key));
    return this.#taken(topic, () => this.client.produceMany(topic, values, keys, headers));
  }

  /** The same for a block. */
  produceBlock({ topic, keys, values }: RecordBlock, headers: MessageHeader[] | undefined): Taken {
    return this.#taken(topic, () =>
      this.client.producePacked(topic, values.bytes, values.ends, keys.bytes, keys.ends, headers),
    );
  }

  #taken(topic: string, produce: () => Taken): Taken {
    this.#lastTopic = topic;
    let answer: Taken;
    try {
      answer = produce();
    } catch (thrown) {
      answer = { produced: 0, error: nativeError(thrown) };
    }
    const error = answer.error === null ? null : nativeError(answer.error);
    if (error !== null && isFatal(error)) this.#handlers.fatal(error);
    return { produced: answer.produced, error };
  }

  /** Lets go of the client, giving up what it still holds. Never rejects, and never waits for long. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const given = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS).unref();
    });
    const gone = new Promise<void>((resolve) => {
      this.client.disconnect(0, () => resolve());
    });
    await Promise.race([gone, given]);
    clearTimeout(timer);
  }

  /**
   * The binding's error events say neither number nor whether it was fatal. But a dead client answers ERR__FATAL to any
   * record, and a living one refuses this one for its size, so that nothing is ever sent.
   */
  #seeWhetherDead(): void {
    if (this.#lastTopic === null || !this.client.isConnected()) return;
    this.produce({ topic: this.#lastTopic, key: null, value: Buffer.allocUnsafeSlow(this.#tooLarge) }, undefined, this);
  }
}

const CLOSE_GRACE_MS = 5_000;
/** Without polling in the background: what the client tells while nothing is flushed. */
const EVENTS_EVERY_MS = 100;

// A view of no length on memory that exists: for `Buffer.alloc(0)` V8 has no address, and the binding sends null in its place.
const EMPTY = Buffer.alloc(1).subarray(0, 0);
const sendableBytes = (bytes: Buffer): Buffer => (bytes.length === 0 ? EMPTY : bytes);

/** The binding ends a text at its first NUL. */
function sendableKey(key: OutgoingRecord['key']): Buffer | string | null {
  if (typeof key === 'string') return key.includes('\0') ? Buffer.from(key) : key;
  return key === null ? null : sendableBytes(key);
}

/** For `produce` and `produceMany`. */
export const nativeHeaders = (headers: readonly RecordHeader[] | undefined): MessageHeader[] | undefined =>
  headers?.map(({ key, value }): MessageHeader => ({ [key]: sendableBytes(value ?? EMPTY) }));

/** Anything that the binding throws, as the error it should have been. */
const nativeError = (thrown: unknown): LibrdKafkaError =>
  isNative(thrown) ? thrown : { message: messageOf(thrown), code: ERR__STATE, errno: ERR__STATE, origin: 'local' };

export const isNative = (thrown: unknown): thrown is LibrdKafkaError =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'number';

/** The idempotent or transactional producer can never deliver again. */
export const isFatal = (error: LibrdKafkaError): boolean => error.isFatal === true || error.code === ERR__FATAL;

const names = new Map<number, string>(Object.entries(kafka.CODES.ERRORS).map(([name, code]) => [code, name]));

/** librdkafka's name for a number, fit for a label: `ERR__MSG_TIMED_OUT`. */
export const errorName = (code: number): string => names.get(code) ?? 'ERR_UNKNOWN';
