import { setTimeout as wait } from 'node:timers/promises';

import { backoffMs, classify, type WeirError } from '@weir/errors';
import { type KafkaConnection, type OutgoingRecord, type ProducerObserver, TransactionalProducer } from '@weir/kafka';

import { type Batch, settleBatch, takeBatch } from './batch.js';
import { RelaySession } from './relay-session.js';
import { type OutboxNames, outboxNames } from './tables.js';

/** `standing_by`: another relay has the lock, or the database or the brokers are away. */
export type RelayState = 'standing_by' | 'publishing' | 'stopped';

/** What a relay tells metrics and logs. Must not throw. */
export interface OutboxRelayObserver {
  stateChanged?(state: RelayState): void;
  /** The messages of a batch, before they are published. */
  taken?(count: number): void;
  /** Committed by the brokers. */
  published?(topic: string, count: number): void;
  /** It begins anew after a pause; nothing is lost. */
  failed?(error: WeirError): void;
  readonly producer?: ProducerObserver;
}

/** Times in milliseconds. */
export interface OutboxRelayOptions {
  /** `postgres://user:password@host:port/database`; not through a pooler that shares sessions. */
  readonly databaseUrl: string;
  /** Where `createOutboxTables` made its tables. */
  readonly schema: string;
  /** One for each outbox, and always the same: whoever initialises with it stops every relay before it. */
  readonly transactionalId: string;
  readonly compression?: 'none' | 'lz4' | 'zstd' | 'gzip' | 'snappy';
  /** 500 messages of 8 MB in all unless given. */
  readonly batchMessages?: number;
  readonly batchBytes?: number;
  /** How soon after a relay froze another may take its place; 10 s unless given. */
  readonly idleTimeoutMs?: number;
  /**
   * What is left to be done to messages before they are published, as to write them with a schema whose id nobody knew when they were
   * enqueued. One for each, in their order, and the same for the same. Where it rejects they wait, and it is asked again.
   */
  readonly finish?: (messages: readonly OutgoingRecord[]) => Promise<readonly OutgoingRecord[]>;
  readonly observer?: OutboxRelayObserver;
}

// A committed message is told of at once; this is for the telling that was lost with a connection.
const POLL_MS = 1_000;
/** How often who stands by asks for the lock. */
const LOCK_POLL_MS = 500;
const BACKOFF = { minMs: 100, maxMs: 2_000 };
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * Publishes what an outbox holds, in the order of its ids, and deletes it (guarantees, rule 22).
 *
 * Any number may run; one works. It takes the lock, then initialises the producer, which fences whoever published before, and only then reads
 * rows. So a relay that was frozen with an old state in its hands publishes nothing once a successor has begun.
 *
 * Every message whose transaction committed is published: once, unless a relay dies between the brokers' commit and the deletion of the
 * rows. Its batch is then published again, whole and as one transaction, directly after: the last record of a key is never an older
 * one than before.
 */
export class OutboxRelay {
  private readonly names: OutboxNames;
  private readonly ending = new AbortController();
  private running: Promise<void> | null = null;
  private session: RelaySession | null = null;
  private current: RelayState = 'stopped';

  constructor(
    private readonly kafka: KafkaConnection,
    private readonly options: OutboxRelayOptions,
  ) {
    this.names = outboxNames(options.schema);
  }

  get state(): RelayState {
    return this.current;
  }

  /** Returns at once. Database and brokers may be away. */
  start(): void {
    this.running ??= this.run();
  }

  /** Finishes the batch under way and gives up the lock. Never rejects. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.session?.bell.ring();
    await this.running;
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    const { signal } = this.ending;
    this.enter('standing_by');
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.takeOffice(() => (failures = 0));
      } catch (thrown) {
        failures += 1;
        this.enter('standing_by');
        this.options.observer?.failed?.(classify(thrown));
        await wait(backoffMs(failures, BACKOFF), undefined, { signal }).catch(() => undefined);
      }
    }
    this.enter('stopped');
  }

  /** Works until it is stopped, or something fails: the lock and the producer are then let go of, and had anew. */
  private async takeOffice(succeeded: () => void): Promise<void> {
    const { schema, databaseUrl, idleTimeoutMs = 10_000 } = this.options;
    const session = await RelaySession.open({
      databaseUrl,
      lockName: schema,
      channel: this.names.channel,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      idleTimeoutMs,
    });
    this.session = session;
    try {
      while (!(await session.tryLock())) {
        await session.bell.wait(LOCK_POLL_MS);
        if (this.ending.signal.aborted) return;
      }
      await this.withProducer((producer) => this.publishAll(session, producer, succeeded));
    } finally {
      this.session = null;
      await session.close();
    }
  }

  private async withProducer(work: (producer: TransactionalProducer) => Promise<void>): Promise<void> {
    const { transactionalId, compression = 'lz4', observer } = this.options;
    const producer = new TransactionalProducer(this.kafka, {
      name: 'outbox',
      transactionalId,
      compression,
      ...(observer?.producer !== undefined && { observer: observer.producer }),
    });
    try {
      await producer.init();
      await work(producer);
    } finally {
      await producer.close(CONNECT_TIMEOUT_MS);
    }
  }

  private async publishAll(
    session: RelaySession,
    producer: TransactionalProducer,
    succeeded: () => void,
  ): Promise<void> {
    const { batchMessages = 500, batchBytes = 8_000_000, observer } = this.options;
    this.enter('publishing');
    while (!this.ending.signal.aborted) {
      const batch = await takeBatch(session.client, this.names, { messages: batchMessages, bytes: batchBytes });
      if (batch.ids.length > 0) {
        observer?.taken?.(batch.ids.length);
        await this.publish(session, producer, batch);
        await settleBatch(session.client, this.names, batch);
        this.tellPublished(batch);
      } else await session.bell.wait(POLL_MS);
      succeeded();
    }
  }

  private async publish(session: RelaySession, producer: TransactionalProducer, { records }: Batch): Promise<void> {
    const finished = (await this.options.finish?.(records)) ?? records;
    await producer.begin();
    await producer.send(finished);
    for (;;) {
      try {
        await producer.commit();
        return;
      } catch (thrown) {
        // It may have happened: asked again until it is known, so that the batch is not published twice for an answer that was late.
        const unresolved = classify(thrown).code === 'transaction_unresolved';
        if (!unresolved || !session.alive || this.ending.signal.aborted) throw thrown;
      }
    }
  }

  private tellPublished({ records }: Batch): void {
    const counts = new Map<string, number>();
    for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
    for (const [topic, count] of counts) this.options.observer?.published?.(topic, count);
  }

  private enter(state: RelayState): void {
    if (this.current === state) return;
    this.current = state;
    this.options.observer?.stateChanged?.(state);
  }
}
