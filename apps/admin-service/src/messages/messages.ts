import {
  type AuditEntry,
  auditEncoder,
  type AvroEncoder,
  type ReplayChunk,
  replayChunkEncoder,
  type SchemaRegistryClient,
  type Tenant,
} from '@weir/avro';
import { SchemaRegistryUnavailableError } from '@weir/errors';
import type { RecordHeader } from '@weir/kafka';
import { Outbox, type OutboxMessage } from '@weir/outbox';
import { TenantMessages } from '@weir/tenancy';
import { auditLog, dlqReplayCommands, tenants, type Topics } from '@weir/topics';

import type { Transaction } from '../database/database.js';

export interface MessagesOptions {
  readonly topics: Topics;
  readonly autoRegister: boolean;
  /** What the header `source` of every record says. */
  readonly source: string;
}

/** All that admin-service tells the others: written to the outbox, in the transaction that changes what it tells of. */
export class Messages {
  readonly outbox = new Outbox('admin');
  private readonly tenants: TenantMessages;
  private readonly audit: AvroEncoder<AuditEntry>;
  private readonly auditTopic: string;
  private readonly chunks: AvroEncoder<ReplayChunk>;
  private readonly commandsTopic: string;
  private readonly source: RecordHeader;

  constructor(registry: SchemaRegistryClient, { topics, autoRegister, source }: MessagesOptions) {
    this.tenants = new TenantMessages(registry, { topic: topics.name(tenants), autoRegister });
    this.audit = auditEncoder(registry, { autoRegister });
    this.auditTopic = topics.name(auditLog);
    this.chunks = replayChunkEncoder(registry, { autoRegister });
    this.commandsTopic = topics.name(dlqReplayCommands);
    this.source = { key: 'source', value: Buffer.from(source) };
  }

  get isReady(): boolean {
    return this.tenants.isReady && this.audit.isReady && this.chunks.isReady;
  }

  /** Throws SchemaRegistryUnavailableError before `ready`: what cannot be told must not be changed. */
  assertReady(): void {
    if (!this.isReady) throw new SchemaRegistryUnavailableError('The schema registry was not reached yet.');
  }

  /** Waits for a registry that is away until `signal` fires; once it has resolved the registry is needed no more. */
  async ready(signal: AbortSignal): Promise<void> {
    await Promise.all([this.tenants.ready(signal), this.audit.ready(signal), this.chunks.ready(signal)]);
  }

  /** The caller holds the tenants' row locks, so that their versions and messages have one order. */
  async tellTenants({ client }: Transaction, records: readonly Tenant[], correlationId: string | null): Promise<void> {
    const headers = this.headers(correlationId);
    const told = this.tenants.encode(records).map((message): OutboxMessage => ({ ...message, headers }));
    await this.outbox.enqueue(client, told);
  }

  async tellAudit({ client }: Transaction, entry: AuditEntry): Promise<void> {
    const [value = null] = this.audit.encode([entry]);
    const headers = this.headers(entry.correlation_id);
    await this.outbox.enqueue(client, [{ topic: this.auditTopic, key: entry.actor, value, headers }]);
  }

  /** The caller holds the replay's row, so that its chunks are published in their order. `traceparent`: of what began the replay. */
  async tellChunk({ client }: Transaction, chunk: ReplayChunk, traceparent: string | null): Promise<void> {
    const [value = null] = this.chunks.encode([chunk]);
    const traced = traceparent === null ? [] : [{ key: 'traceparent', value: Buffer.from(traceparent) }];
    await this.outbox.enqueue(client, [
      { topic: this.commandsTopic, key: chunk.replay_id, value, headers: [this.source, ...traced] },
    ]);
  }

  private headers(correlationId: string | null): RecordHeader[] {
    if (correlationId === null) return [this.source];
    return [this.source, { key: 'correlation-id', value: Buffer.from(correlationId) }];
  }
}
