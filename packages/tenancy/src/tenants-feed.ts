import { type AvroDecoder, type SchemaRegistryClient, type Tenant, tenantDecoder } from '@weir/avro';
import { RecordDecodeError, retry, ValidationError, type WeirError } from '@weir/errors';
import { type ConsumedRecord, type KafkaConnection, TopicReader } from '@weir/kafka';

import { tenantRecordProblem } from './tenant-record.js';
import type { TenantsView, TopicProgress } from './tenants-view.js';

/** Why a record of `tenants` was passed over; a bounded set, for a metric's label. */
export type PassedOverReason = RecordDecodeError['reason'] | 'null_value' | 'invalid';

/** What the feed tells metrics and logs; must not throw. */
export interface TenantsFeedObserver {
  /** A record that cannot be used. It blocks nothing, and what is known of its tenant stands. */
  passedOver?(record: ConsumedRecord, reason: PassedOverReason, error: WeirError): void;
  /** The registry is away and a record has a schema that is not known yet: the view waits for it. */
  waiting?(error: WeirError): void;
  /** The brokers or the topic are away, or may not be read. Told once for each code until reading has worked again. */
  failed?(error: WeirError): void;
  /** The topic was deleted and made anew: what was known is forgotten, and nobody is served until the new one was read. */
  recreated?(topicId: string): void;
}

export interface TenantsFeedOptions {
  /** `tenants`, as this installation calls it. */
  readonly topic: string;
  readonly observer?: TenantsFeedObserver;
}

/** The reader proves about once a second that it is at the end of the topic. */
const AWAY_AFTER_MS = 5_000;
const REGISTRY_WAIT = { minMs: 100, maxMs: 2_000 };

/**
 * Keeps a TenantsView at the end of the topic `tenants`, for ever.
 *
 * Kafka and the registry may be away at any time, also at the start: the view's age then grows, and it says itself when it
 * stops serving. A schema that was read once needs the registry no more.
 */
export class TenantsFeed implements TopicProgress {
  private readonly reader: TopicReader;
  private readonly decoder: AvroDecoder<Tenant>;
  private readonly closing = new AbortController();
  private readonly pending: ConsumedRecord[] = [];
  private readonly failuresTold = new Map<string, number>();
  /** Grows when the topic was made anew, so that records of the old one are not applied any more. */
  private generation = 0;
  /** When the oldest record that is not applied yet came, by the monotonic clock; null where all are. */
  private behindSince: number | null = null;
  private reachedEnd = false;

  constructor(
    connection: KafkaConnection,
    registry: SchemaRegistryClient,
    private readonly view: TenantsView,
    private readonly options: TenantsFeedOptions,
  ) {
    this.decoder = tenantDecoder(registry);
    this.reader = new TopicReader(connection, {
      topic: options.topic,
      onRecord: (record) => this.take(record),
      observer: {
        failed: (error) => this.tellFailure(error),
        recreated: (topicId) => this.beginAnew(topicId),
      },
    });
    view.follow(this);
  }

  /** Returns at once. */
  start(): void {
    this.reader.start();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.reader.close();
  }

  /** Stays true once it was, for the same topic: later records are news, and no reason to serve nobody. */
  get caughtUp(): boolean {
    this.reachedEnd ||= this.reader.caughtUp && this.behindSince === null;
    return this.reachedEnd;
  }

  /** Whether the brokers were heard of lately. */
  get connected(): boolean {
    return this.reader.ageMs() < AWAY_AFTER_MS;
  }

  ageMs(): number {
    const behindMs = this.behindSince === null ? 0 : performance.now() - this.behindSince;
    return Math.max(this.reader.ageMs(), behindMs);
  }

  private take(record: ConsumedRecord): void {
    this.pending.push(record);
    if (this.behindSince !== null) return;
    this.behindSince = performance.now();
    void this.applyPending();
  }

  /** One at a time, in the topic's order, so that a version never overtakes another. Never rejects. */
  private async applyPending(): Promise<void> {
    while (this.pending.length > 0) {
      const [records, { generation }] = [this.pending.splice(0), this];
      if (!(await this.prepare(records))) return;
      if (generation === this.generation) for (const record of records) this.apply(record);
    }
    this.behindSince = null;
  }

  /** Whether the schemas are known; false where the feed was closed before the registry answered. */
  private async prepare(records: readonly ConsumedRecord[]): Promise<boolean> {
    const values = records.map((record) => record.value);
    try {
      await retry(() => this.decoder.prepare(values), {
        ...REGISTRY_WAIT,
        signal: this.closing.signal,
        onRetry: (error) => this.options.observer?.waiting?.(error),
      });
      return true;
    } catch (error) {
      if (this.closing.signal.aborted) return false;
      throw error;
    }
  }

  private apply(record: ConsumedRecord): void {
    // Deletion is a state and not a tombstone, which compaction could take away before a reader sees it.
    if (record.value === null)
      return this.passOver(record, 'null_value', new ValidationError('null_value', 'The record has no value.'));
    const tenant = this.decoder.decode(record.value);
    if (tenant instanceof RecordDecodeError) return this.passOver(record, tenant.reason, tenant);
    const problem = tenantRecordProblem(tenant, record.key?.toString('utf8') ?? null);
    if (problem !== null) return this.passOver(record, 'invalid', new ValidationError('tenant_invalid', problem));
    this.view.apply(tenant);
  }

  /** Versions of the old topic say nothing about those of the new one, and what is not in it is no more. */
  private beginAnew(topicId: string): void {
    this.generation += 1;
    this.pending.length = 0;
    this.reachedEnd = false;
    this.view.forget();
    this.options.observer?.recreated?.(topicId);
  }

  private tellFailure(error: WeirError): void {
    const [now, toldAt] = [performance.now(), this.failuresTold.get(error.code)];
    const workedSince = toldAt !== undefined && now - this.reader.ageMs() > toldAt;
    if (toldAt !== undefined && !workedSince) return;
    this.failuresTold.set(error.code, now);
    this.options.observer?.failed?.(error);
  }

  private passOver(record: ConsumedRecord, reason: PassedOverReason, error: WeirError): void {
    this.options.observer?.passedOver?.(record, reason, error);
  }
}
