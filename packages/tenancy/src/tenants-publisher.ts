import type { SchemaRegistryClient, Tenant } from '@weir/avro';
import type { RecordProducer } from '@weir/kafka';

import { sentinelRecord } from './sentinel.js';
import { TenantMessages, type TenantMessagesOptions } from './tenant-messages.js';

export type TenantsPublisherOptions = TenantMessagesOptions;

/**
 * Writes tenants, and the sentinel that readers wait for, to the topic `tenants` directly: for tests and tools. The caller sees to the
 * versions; admin-service publishes through its outbox.
 */
export class TenantsPublisher {
  private readonly messages: TenantMessages;

  constructor(
    private readonly producer: Pick<RecordProducer, 'send'>,
    registry: SchemaRegistryClient,
    options: TenantsPublisherOptions,
  ) {
    this.messages = new TenantMessages(registry, options);
  }

  /**
   * Resolves once the broker has acknowledged all of them; each replaces what the topic holds of its tenant.
   *
   * Waits for a registry that is away, until `signal` fires. Throws ValidationError for a tenant that readers would pass
   * over, and what RecordProducer.send throws; sending again is safe.
   */
  async publish(tenants: readonly Tenant[], signal?: AbortSignal): Promise<void> {
    await this.messages.ready(signal);
    await this.producer.send(this.messages.encode(tenants));
  }

  /** Writes the sentinel, after the tenants that a fresh reader must know: it serves nobody before it saw this record. */
  async publishSentinel(signal?: AbortSignal): Promise<void> {
    await this.publish([sentinelRecord(Date.now())], signal);
  }
}
