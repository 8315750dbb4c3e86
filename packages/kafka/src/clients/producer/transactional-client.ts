import type { KafkaConsumer, LibrdKafkaError } from '@confluentinc/kafka-javascript';
import { backoffMs, messageOf } from '@weir/errors';
import { setTimeout as wait } from 'node:timers/promises';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartitionOffset } from '../../records.js';
import { clientSettings } from '../client-settings.js';
import { nativeCall } from '../native-call.js';
import {
  durableSettings,
  isNative,
  NativeProducer,
  type NativeProducerHandlers,
  type ProducerSettings,
} from './native-producer.js';
import { unavailable } from './producer-errors.js';
import type { TransactionalProducerOptions } from './transactional-options.js';

type Done = (error: LibrdKafkaError | null | undefined, value: unknown) => void;

const CONNECT_TIMEOUT_MS = 1_000;
/** A call holds one of libuv's few threads while it waits, so it waits in slices; librdkafka goes on in between. */
const SLICE_MS = 500;
const SLICE_PAUSE_MS = 100;

/**
 * One librdkafka producer with a transactional id, and its transaction calls as promises that reject with the LibrdKafkaError.
 *
 * The calls run on libuv's pool with a raw pointer to the client; `close` frees it only once none is under way.
 */
export class TransactionalClient extends NativeProducer {
  readonly #timeoutMs: number;
  readonly #ended = new AbortController();
  #underway: Promise<unknown> = Promise.resolve();

  constructor(settings: ProducerSettings, handlers: NativeProducerHandlers, timeoutMs: number) {
    super(settings, handlers);
    this.#timeoutMs = timeoutMs;
  }

  /** One try to reach a broker; where it rejects, the client is of no further use. */
  reach(): Promise<void> {
    return this.connect(CONNECT_TIMEOUT_MS, this.#ended.signal);
  }

  init(): Promise<void> {
    return this.#resumed((ms, done) => this.client.initTransactions(ms, (error) => done(error, undefined)));
  }

  begin(): Promise<void> {
    return this.#guarded((done) => this.client.beginTransaction((error) => done(error, undefined)));
  }

  commit(): Promise<void> {
    return this.#resumed((ms, done) => this.client.commitTransaction(ms, (error) => done(error, undefined)));
  }

  abort(): Promise<void> {
    return this.#resumed((ms, done) => this.client.abortTransaction(ms, (error) => done(error, undefined)));
  }

  /**
   * What librdkafka has to say of an open transaction: ERR__STATE while it is well, else why it is not, with the flags that tell fatal from
   * abortable. `initTransactions` is never valid then and changes nothing; `beginTransaction` would do, but the binding drops its flags.
   */
  async verdict(): Promise<unknown> {
    return this.#guarded((done) =>
      this.client.initTransactions(this.#timeoutMs, (error) => done(error, undefined)),
    ).catch((error: unknown) => error);
  }

  /** Not in slices: this call cannot be resumed. */
  sendOffsets(offsets: readonly TopicPartitionOffset[], member: KafkaConsumer): Promise<void> {
    return this.#guarded((done) =>
      this.client.sendOffsetsToTransaction([...offsets], member, this.#timeoutMs, (error) => done(error, undefined)),
    );
  }

  override async close(): Promise<void> {
    this.#ended.abort();
    await this.#underway.catch(() => undefined);
    await super.close();
  }

  /** Makes the call again while librdkafka says that it may be, until the request's time is over. */
  async #resumed(call: (timeoutMs: number, done: Done) => void): Promise<void> {
    const { signal } = this.#ended;
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      try {
        await this.#guarded((done) => call(SLICE_MS, done));
        return;
      } catch (error) {
        const again = isNative(error) && error.isRetriable === true && performance.now() < deadline;
        if (again) await wait(SLICE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
        if (!again || signal.aborted) throw error;
      }
    }
  }

  #guarded(start: (done: Done) => void): Promise<void> {
    const call = nativeCall<unknown>(start).then(() => undefined);
    this.#underway = Promise.allSettled([this.#underway, call]);
    return call;
  }
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 10_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_BACKOFF = { minMs: 100, maxMs: 1_000 };

/** A client that has reached a broker. Rejects (`kafka_unavailable`) where none answers within the request's time, or `signal` fires. */
export async function connectTransactional(
  connection: KafkaConnection,
  options: TransactionalProducerOptions,
  handlers: NativeProducerHandlers,
  signal: AbortSignal,
): Promise<TransactionalClient> {
  const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = options;
  const deadline = performance.now() + requestTimeoutMs;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const client = new TransactionalClient(settingsOf(connection, options), handlers, requestTimeoutMs);
    const failure = await client.reach().then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (failure === null && !signal.aborted) return client;
    if (failure === null) await client.close();
    else if (performance.now() > deadline) throw unavailable(`no broker answered: ${messageOf(failure.error)}`);
    await wait(backoffMs(attempt, CONNECT_BACKOFF), undefined, { signal }).catch(() => undefined);
  }
  throw unavailable('the producer is closed');
}

function settingsOf(connection: KafkaConnection, options: TransactionalProducerOptions): ProducerSettings {
  const { transactionalId, transactionTimeoutMs = DEFAULT_TRANSACTION_TIMEOUT_MS, settings } = options;
  return {
    ...clientSettings(connection),
    ...durableSettings({ lingerMs: 1, ...options, deliveryTimeoutMs: transactionTimeoutMs }),
    'transactional.id': transactionalId,
    'transaction.timeout.ms': transactionTimeoutMs,
    ...settings,
  };
}
