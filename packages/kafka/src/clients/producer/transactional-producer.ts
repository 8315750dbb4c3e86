import { KafkaProducerError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import type { OutgoingRecord, TopicPartitionOffset } from '../../records.js';
import type { BatchConsumer } from '../consumer/batch-consumer.js';
import { DEFAULT_MAX_MESSAGE_BYTES, isFatal, isNative, type NativeProducerHandlers } from './native-producer.js';
import { unavailable } from './producer-errors.js';
import { wireBytes } from './sendable.js';
import { TransactionCalls } from './transaction-calls.js';
import { aborted, mustAbort, type TransactionFailure, transactionFailure } from './transaction-errors.js';
import { type SendOutcome, TransactionSends } from './transaction-sends.js';
import { connectTransactional, type TransactionalClient } from './transactional-client.js';
import type { TransactionalProducerOptions, TransactionState } from './transactional-options.js';

/**
 * Writes records and a group's offsets as one: a read_committed reader sees all of a transaction, or nothing (KIP-98, KIP-447).
 *
 * Every failure is a KafkaProducerError, and its code says what may be done, as `state` does:
 * - `transaction_must_abort`: the producer is well, this transaction is not. `abort`, then the work may begin again.
 * - `transaction_unresolved`: the brokers did not answer in time, so the end may have happened. Call the same end again, or `init`.
 * - `producer_fenced` (not retryable): another producer has the same transactional id by now, or the brokers timed the transaction out.
 *   Nothing of this transaction is committed unless a `commit` was under way. `init` fences the other one in turn: only for
 *   who knows that it still owns what the id stands for, and then reads its progress anew.
 * - `producer_fatal`: librdkafka is beyond repair; `init`. `kafka_unavailable`: no broker answered `init`; again.
 * - `transaction_aborted`: what a `send` hears that an `abort`, `init` or `close` overtook.
 * - `record_invalid`: nothing was produced, and the transaction stands. `transaction_state`: the call does not fit, and did nothing.
 *
 * One transaction at a time, and one call besides `send` at a time. No call blocks the event loop.
 */
export class TransactionalProducer {
  readonly #connection: KafkaConnection;
  readonly #options: TransactionalProducerOptions;
  readonly #sends: TransactionSends;
  /** Sends that are not answered yet, each until it is known what its outcome means for the transaction. */
  readonly #sending = new Set<Promise<unknown>>();
  readonly #stopped = new AbortController();
  readonly #calls = new TransactionCalls();
  #client: TransactionalClient | null = null;
  /**
   * `broken`: a record took a sequence number and not its place in the log. librdkafka 2.15 goes on after it, and the brokers refuse the
   * next transaction for the gap, so the client is renewed once the abort has gone through.
   */
  #sequence: 'whole' | 'broken' | 'renewing' = 'whole';
  #closing: Promise<void> | null = null;

  constructor(connection: KafkaConnection, options: TransactionalProducerOptions) {
    this.#connection = { ...connection, clientId: `${connection.clientId}-${options.name}` };
    this.#options = options;
    this.#sends = new TransactionSends(options.observer ?? {});
  }

  get state(): TransactionState {
    return this.#calls.state;
  }

  /**
   * Takes over the transactional id: fences whoever had it, and ends its transaction (an open one is aborted, one whose commit had begun is
   * committed). Allowed in every state but `closed`; what this producer had under way is forgotten.
   */
  init(): Promise<void> {
    return this.#calls.exclusively('init', null, async () => {
      this.#calls.enter('uninitialised');
      await this.#renew('init', 'uninitialised');
      this.#calls.enter('ready');
    });
  }

  begin(): Promise<void> {
    return this.#calls.exclusively('begin', ['ready'], async () => {
      await this.#attempt('begin', 'ready', (client) => client.begin());
      this.#calls.enter('open');
    });
  }

  /**
   * Adds records to the open transaction; resolves once the brokers have them, with the position of each in the order given (offset −1
   * where the broker did not tell). Calls may overlap. Rejects with `transaction_must_abort` where one of them was not taken.
   */
  async send(records: readonly OutgoingRecord[]): Promise<readonly TopicPartitionOffset[]> {
    const client = this.#client;
    const { state, under } = this.#calls;
    if (state !== 'open' || client === null || (under !== null && under !== 'sendOffsets'))
      throw this.#calls.refusal('send');
    wireBytes(records, this.#options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES);
    const sent = this.#sends.produce(client, records).then((outcome) => this.#judge(client, outcome));
    this.#sending.add(sent);
    try {
      const { positions, error } = await sent;
      if (error !== null) throw error;
      return positions;
    } finally {
      this.#sending.delete(sent);
    }
  }

  /**
   * Commits offsets of the consumer's group with the transaction, or not at all. The group takes them only from a current member:
   * one that it has put out is refused, with `transaction_must_abort`. Rejects with the consumer's `consumer_not_running` where it has no client;
   * the transaction stands then.
   *
   * The consumer goes on committing what its handler has settled, which by then is the same.
   */
  sendOffsets(consumer: BatchConsumer, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#calls.exclusively('sendOffsets', ['open'], () =>
      consumer.asMember((member) =>
        this.#attempt('sendOffsets', 'must_abort', (client) => client.sendOffsets(offsets, member)),
      ),
    );
  }

  /**
   * Resolves once it is decided that all of the transaction is committed; readers see it a moment later. Records that `send` is still
   * about are waited for.
   */
  commit(): Promise<void> {
    return this.#calls.exclusively('commit', ['open', 'commit_unresolved'], async () => {
      await Promise.all(this.#sending);
      // A send that failed meanwhile is the reason why not.
      if (this.#calls.failure !== null) throw this.#calls.failure;
      await this.#attempt('commit', 'commit_unresolved', (client) => client.commit());
      this.#calls.enter('ready');
    });
  }

  /** Nothing of the transaction will be seen; records that `send` is still about are given up. */
  abort(): Promise<void> {
    return this.#calls.exclusively('abort', ['open', 'must_abort', 'abort_unresolved'], async () => {
      this.#sends.failAll(aborted('the transaction was aborted'));
      await Promise.all(this.#sending);
      if (this.#sequence !== 'renewing') await this.#attempt('abort', 'abort_unresolved', (client) => client.abort());
      if (this.#sequence !== 'whole') {
        this.#sequence = 'renewing';
        await this.#renew('abort', 'abort_unresolved');
      }
      this.#calls.enter('ready');
    });
  }

  /**
   * Lets the call under way finish and aborts an open transaction, within `timeoutMs`; then lets go of the client. What could not be ended by then
   * is aborted by the successor, or the transaction's time-out. Never rejects.
   */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stopped.abort(), timeoutMs);
    const orderly = async (): Promise<void> => {
      await this.#calls.ended;
      if (this.#calls.state === 'open' || this.#calls.state === 'must_abort') await this.abort();
    };
    const stopped = new Promise<void>((resolve) => {
      this.#stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([orderly().catch(() => undefined), stopped]);
    clearTimeout(timer);
    this.#stopped.abort();
    this.#calls.enter('closed');
    await this.#releaseClient('the producer was closed');
    await this.#calls.ended;
  }

  /** One native call. Its failure becomes the producer's state. */
  async #attempt(
    call: string,
    unresolved: TransactionState,
    work: (client: TransactionalClient) => Promise<void>,
  ): Promise<void> {
    const client = this.#client;
    if (client === null) throw unavailable('the producer has no connection');
    try {
      await work(client);
    } catch (thrown) {
      throw this.#fail(transactionFailure(call, thrown, unresolved));
    }
  }

  #fail({ state, error }: TransactionFailure): KafkaProducerError {
    this.#calls.enter(state, state === 'failed' || state === 'must_abort' ? error : null);
    if (state === 'failed') this.#sends.failAll(error);
    return error;
  }

  /** What a send's outcome means. Never rejects. */
  async #judge(
    client: TransactionalClient,
    { positions, failure }: SendOutcome,
  ): Promise<{ positions: readonly TopicPartitionOffset[]; error: KafkaProducerError | null }> {
    if (failure === null || failure instanceof KafkaProducerError) return { positions, error: failure };
    const replaced = aborted('the producer was replaced');
    if (client !== this.#client) return { positions, error: replaced };
    this.#sequence = 'broken';
    // The report of a record does not say in what state it left the producer.
    const verdict = this.#calls.failure === null ? await client.verdict() : null;
    if (this.#calls.failure !== null) return { positions, error: this.#calls.failure };
    if (client !== this.#client) return { positions, error: replaced };
    const dead = isNative(verdict) && isFatal(verdict);
    return {
      positions,
      error: this.#fail(dead ? transactionFailure('send', verdict, 'must_abort') : mustAbort('send', failure)),
    };
  }

  /** A fresh client takes over the transactional id, and so ends whatever the brokers hold open for it. */
  async #renew(call: string, unresolved: TransactionState): Promise<void> {
    try {
      await this.#releaseClient('the producer was initialised again');
      this.#client = await connectTransactional(
        this.#connection,
        this.#options,
        this.#handlers(),
        this.#stopped.signal,
      );
    } catch (thrown) {
      throw this.#fail(transactionFailure(call, thrown, unresolved));
    }
    await this.#attempt(call, unresolved, (client) => client.init());
    this.#sequence = 'whole';
  }

  async #releaseClient(why: string): Promise<void> {
    const client = this.#client;
    this.#client = null;
    this.#sends.failAll(aborted(why));
    await client?.close();
  }

  #handlers(): NativeProducerHandlers {
    const { observer } = this.#options;
    return {
      report: this.#sends.report,
      // A client that is dead reports nothing more of what it still held.
      fatal: (error) => this.#sends.failAll(error),
      statistics: (statistics) => observer?.statistics?.(statistics),
      ...(observer?.logged !== undefined && { log: (line) => observer.logged?.(line) }),
    };
  }
}
