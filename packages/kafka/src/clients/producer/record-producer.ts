import kafka, { type LibrdKafkaError, type MessageHeader } from '@confluentinc/kafka-javascript';
import { classify, KafkaProducerError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import { isRecordBlock, type RecordBlock } from '../../record-block.js';
import type { OutgoingRecord, RecordHeader } from '../../records.js';
import { clientSettings } from '../client-settings.js';
import type { Refusal } from '../refusal.js';
import { assertCodec } from './codecs.js';
import { GroupCommit } from './group-commit.js';
import {
  DEFAULT_MAX_MESSAGE_BYTES,
  durableSettings,
  errorName,
  nativeHeaders,
  type NativeProducer,
  type ProducerSettings,
} from './native-producer.js';
import type { ProducerOptions, ProducerState } from './options.js';
import { PendingSend } from './pending-send.js';
import { dead, refusalOf, unavailable, unknownDelivery } from './producer-errors.js';
import { ProducerLink } from './producer-link.js';
import { blockWireBytes, wireBytes } from './sendable.js';

const { ERR_TOPIC_AUTHORIZATION_FAILED } = kafka.CODES.ERRORS;
const DEFAULT_CONNECT_WAIT_MS = 1_000;

/**
 * Sends records to Kafka with acks=all through an idempotent producer.
 *
 * Guarantee: when `send` resolves, every record of the call is in the log of all in-sync replicas. When it rejects, the code
 * says what is known: `producer_queue_full`, `record_invalid`, `kafka_unavailable` and `producer_fatal` mean that nothing was produced,
 * `delivery_unknown` that any part of it may be in the log (sending it again is safe for whoever is idempotent).
 *
 * With `groupFrom`, calls of so many records or more are acknowledged together with others: see GroupCommit. Calls that are under way at once may then change
 * places; one that follows another's answer never does.
 *
 * It connects by itself, again and again, and a producer that librdkafka declares dead is replaced by a new one.
 */
export class RecordProducer {
  readonly #link: ProducerLink;
  readonly #options: ProducerOptions;
  readonly #maxMessageBytes: number;
  readonly #group: GroupCommit | null = null;
  readonly #queue = { records: 0, bytes: 0 };
  /** Every `send` that is not settled; those in `#waiting` have not been produced. */
  readonly #pending = new Set<PendingSend>();
  readonly #waiting = new Set<PendingSend>();
  #whenIdle: (() => void)[] = [];
  #closing: Promise<void> | null = null;

  /** Throws ConfigurationError for a compression that this build of librdkafka lacks. */
  constructor(connection: KafkaConnection, options: ProducerOptions) {
    assertCodec(options.compression);
    this.#options = options;
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    const named = { ...connection, clientId: `${connection.clientId}-${options.name}` };
    const { observer } = options;
    const settings = (): ProducerSettings => ({
      ...clientSettings(named),
      ...durableSettings(options),
      ...queueSettings(options),
      ...options.settings,
    });
    this.#link = new ProducerLink(settings, {
      report: this.#report,
      ready: (client) => {
        for (const send of this.#waiting) this.#produce(client, send);
        this.#waiting.clear();
      },
      failed: (error) => {
        for (const send of this.#pending)
          if (!send.grouped) this.#abandon(send, unknownDelivery('the producer failed', {}, error));
      },
      stateChanged: (state, reason) => observer?.stateChanged?.(state, reason),
      statistics: (statistics) => observer?.statistics?.(statistics),
      ...(observer?.logged !== undefined && { log: (line) => observer.logged?.(line) }),
    });
    if (options.groupFrom !== undefined)
      this.#group = new GroupCommit(options.groupFrom, settings, {
        produce: (client, send) => this.#produce(client, send),
        settled: (sends, code) => {
          for (const send of sends) {
            if (code !== null) send.fail(send.topic, code, send.count);
            this.#settle(send);
          }
        },
        failed: (error, topic) => this.#seeWhetherForbidden(error, topic),
        overdue: (send) => this.#sendAlone(send),
      });
  }

  get state(): ProducerState {
    return this.#link.state;
  }

  /** Why the brokers do not let it in or let it write; null unless the state is `refused`. */
  get refusal(): Refusal | null {
    return this.#link.refusal;
  }

  /** How many of the producers that take turns at group commit are connected. */
  get lanes(): number {
    return this.#group?.connected ?? 0;
  }

  /** What is under way: reserved by `send` and not settled yet. */
  get queue(): { readonly records: number; readonly bytes: number } {
    return this.#queue;
  }

  /** Begins to connect and returns at once. A broker that is away is no rejection: see `state`. */
  start(): Promise<void> {
    this.#link.start();
    this.#group?.start();
    return Promise.resolve();
  }

  /**
   * Sends all of the records, or says why not; one promise for the whole call. Order within a partition is the array's.
   *
   * Before the first connection stands it waits for it, for `connectWaitMs` at most. With the brokers away later on it waits for
   * them until the delivery time-out.
   */
  send(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    return this.#send(records, records.length, () => wireBytes(records, this.#maxMessageBytes));
  }

  /** As `send`, of a block. Its memory is not to be written to before the promise is settled. */
  sendBlock(block: RecordBlock): Promise<void> {
    const { length } = block.values.ends;
    if (length === 0) return Promise.resolve();
    return this.#send(block, length, () => blockWireBytes(block, this.#maxMessageBytes));
  }

  #send(sent: readonly OutgoingRecord[] | RecordBlock, count: number, measure: () => number): Promise<void> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      let send: PendingSend;
      try {
        const bytes = measure();
        this.#assertAccepting(count, bytes);
        send = new PendingSend(sent, count, bytes, startedAt, resolve, reject);
      } catch (error) {
        const { topic } = isRecordBlock(sent) ? sent : sent[0]!;
        reject(this.#refused(topic, count, error));
        return;
      }
      this.#queue.records += send.count;
      this.#queue.bytes += send.bytes;
      this.#pending.add(send);
      send.grouped = this.#group?.add(send) === true;
      if (!send.grouped) this.#sendAlone(send);
    });
  }

  /** Resolves once nothing is under way; rejects (`delivery_unknown`) if that takes longer. Sends go on either way. */
  async flush(timeoutMs: number): Promise<void> {
    if (!(await this.#idle(timeoutMs)))
      throw unknownDelivery(`${this.#queue.records} records are still under way after ${timeoutMs} ms`);
  }

  /**
   * Takes no more, waits for what is under way, and rejects what remains after `timeoutMs` with `delivery_unknown`.
   * Resolves when the connection is gone; never rejects.
   */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  #assertAccepting(records: number, bytes: number): void {
    const { maxQueuedRecords, maxQueuedBytes } = this.#options;
    if (this.state === 'closed') throw unavailable('the producer is closed');
    if (this.state === 'failed') throw dead();
    if (records > maxQueuedRecords || bytes > maxQueuedBytes)
      throw new KafkaProducerError('One call of send is larger than the whole queue; nothing was sent.', {
        code: 'record_invalid',
        retryable: false,
        context: { records, bytes, maxQueuedRecords, maxQueuedBytes },
      });
    if (this.#queue.records + records > maxQueuedRecords || this.#queue.bytes + bytes > maxQueuedBytes)
      throw new KafkaProducerError('The queue of the producer is full; nothing was sent.', {
        code: 'producer_queue_full',
        context: { queuedRecords: this.#queue.records, queuedBytes: this.#queue.bytes },
      });
  }

  #refused(topic: string, count: number, thrown: unknown): Error {
    const error = classify(thrown);
    this.#options.observer?.failed?.(topic, error.code, count);
    return error;
  }

  /** Acknowledged by reports of its own records. */
  #sendAlone(send: PendingSend): void {
    if (send.settled) return;
    send.grouped = false;
    if (this.#link.client === null) this.#wait(send);
    else this.#produce(this.#link.client, send);
  }

  #wait(send: PendingSend): void {
    this.#waiting.add(send);
    setTimeout(() => {
      if (this.#waiting.has(send)) this.#abandon(send, unavailable('no broker answered yet'));
    }, this.#options.connectWaitMs ?? DEFAULT_CONNECT_WAIT_MS).unref();
  }

  /** False: nothing of it was produced, and it is settled. */
  #produce(client: NativeProducer, send: PendingSend): boolean {
    if (send.settled) return false;
    if (send.grouped && (send.block !== null || sharesHeaders(send.records))) return this.#produceMany(client, send);
    send.unpack();
    const { records } = send;
    const opaque = send.grouped ? undefined : send;
    let lastHeaders: readonly RecordHeader[] | undefined;
    let headers: MessageHeader[] | undefined;
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i]!;
      if (record.headers !== lastHeaders) {
        lastHeaders = record.headers;
        headers = nativeHeaders(lastHeaders);
      }
      const refused = client.produce(record, headers, opaque);
      if (refused !== null) {
        this.#cutShort(send, i, refused);
        return i > 0;
      }
    }
    send.release();
    return true;
  }

  #produceMany(client: NativeProducer, send: PendingSend): boolean {
    const { block, topic, records } = send;
    const headers = nativeHeaders(block === null ? records[0]!.headers : block.headers);
    const { produced, error } =
      block === null ? client.produceMany(topic, records, headers) : client.produceBlock(block, headers);
    if (error === null) send.release();
    else this.#cutShort(send, produced, error);
    return error === null || produced > 0;
  }

  /** librdkafka refused record `i`: the ones before it are on their way, it and the ones after it never will be. */
  #cutShort(send: PendingSend, i: number, error: LibrdKafkaError): void {
    const refusal = refusalOf(error);
    if (i === 0) this.#abandon(send, refusal);
    else {
      if (send.single) send.fail(send.topic, refusal.code, send.count - i);
      else for (const { topic } of send.records.slice(i)) send.fail(topic, refusal.code, 1);
      // More than 0 remain: a report reaches JavaScript in a later turn, so the ones before are still to come.
      send.remaining -= send.count - i;
      send.release();
    }
  }

  readonly #report = (error: LibrdKafkaError | null, opaque: unknown, topic: string): void => {
    if (!(opaque instanceof PendingSend) || opaque.settled) return;
    if (error !== null) {
      opaque.fail(topic, errorName(error.code), 1);
      this.#seeWhetherForbidden(error, topic);
    }
    opaque.remaining -= 1;
    if (opaque.remaining === 0) this.#settle(opaque);
  };

  #seeWhetherForbidden({ code }: LibrdKafkaError, topic: string): void {
    if (code === ERR_TOPIC_AUTHORIZATION_FAILED) this.#link.forbidden(topic);
  }

  #settle(send: PendingSend): void {
    if (!this.#forget(send)) return;
    if (send.failed)
      send.reject(unknownDelivery('a record of it or of its group was not acknowledged', { records: send.count }));
    else {
      this.#link.allowed();
      send.resolve();
    }
    const { observer } = this.#options;
    if (observer === undefined) return;
    const seconds = (performance.now() - send.startedAt) / 1000;
    if (!send.failed && send.single) observer.delivered?.(send.topic, send.count, seconds);
    else
      for (const { topic, delivered, failures } of send.outcome()) {
        if (delivered > 0) observer.delivered?.(topic, delivered, seconds);
        for (const [code, count] of failures) observer.failed?.(topic, code, count);
      }
  }

  /** Settles a send whatever its records are doing. Reports that still come for it are ignored. */
  #abandon(send: PendingSend, error: KafkaProducerError): void {
    if (!this.#forget(send)) return;
    send.reject(error);
    this.#options.observer?.failed?.(send.topic, error.code, send.count);
  }

  #forget(send: PendingSend): boolean {
    if (send.settled) return false;
    send.settled = true;
    send.release();
    this.#pending.delete(send);
    this.#waiting.delete(send);
    this.#queue.records -= send.count;
    this.#queue.bytes -= send.bytes;
    if (this.#pending.size === 0) for (const wake of this.#whenIdle.splice(0)) wake();
    return true;
  }

  /** Whether nothing is under way within `timeoutMs`. */
  #idle(timeoutMs: number): Promise<boolean> {
    if (this.#pending.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#whenIdle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#link.stopAccepting();
    this.#group?.stopAccepting();
    for (const send of this.#waiting) this.#abandon(send, unavailable('the producer was closed'));
    await this.#idle(timeoutMs);
    for (const send of this.#pending) this.#abandon(send, unknownDelivery('the producer was closed'));
    await Promise.all([this.#link.close(), this.#group?.close()]);
  }
}

/** Whether one call of the client does for them all. */
function sharesHeaders(records: readonly OutgoingRecord[]): boolean {
  const { headers } = records[0]!;
  return records.every(
    (record) => record.headers === headers && record.partition === undefined && record.timestampMs === undefined,
  );
}

// Weir's own reservation is the bound; librdkafka's lies well above it, so that it is not met in the middle of a request.
const queueSettings = ({ maxQueuedRecords, maxQueuedBytes }: ProducerOptions): ProducerSettings => ({
  'queue.buffering.max.messages': maxQueuedRecords + 1_000,
  'queue.buffering.max.kbytes': Math.ceil(maxQueuedBytes / 512) + 1_024,
});
