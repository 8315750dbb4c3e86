import { type SchemaRegistryClient, type Tenant, type TenantKey, DEFAULT_LIMITS } from '@weir/avro';
import { RecordProducer } from '@weir/kafka';
import { generateApiKey, TenantsPublisher } from '@weir/tenancy';
import { eventually, uniqueName } from '@weir/testing';

import { connection } from './engines.js';

/** Publishes tenants as admin-service does, under the topic of one test. */
export class Tenants {
  private readonly producer: RecordProducer;
  private readonly publisher: TenantsPublisher;

  constructor(
    private readonly topic: string,
    registry: SchemaRegistryClient,
  ) {
    this.producer = new RecordProducer(connection(), {
      name: 'tenants',
      compression: 'none',
      lingerMs: 0,
      deliveryTimeoutMs: 10_000,
      connectWaitMs: 30_000,
      maxQueuedRecords: 1000,
      maxQueuedBytes: 1_000_000,
    });
    this.publisher = new TenantsPublisher(this.producer, registry, { topic, autoRegister: true });
    void this.producer.start();
  }

  async publish(...tenants: readonly Tenant[]): Promise<void> {
    await eventually(
      () => this.producer.state,
      (state) => state === 'ready',
    );
    await this.publisher.publish(tenants);
  }

  async publishSentinel(): Promise<void> {
    await this.publisher.publishSentinel();
  }

  /** Any bytes as a record's value, or none. */
  async publishRaw(key: string, value: Buffer | null): Promise<void> {
    await this.producer.send([{ topic: this.topic, key, value }]);
  }

  async close(): Promise<void> {
    await this.producer.close(1000);
  }
}

export interface NewKey {
  readonly apiKey: string;
  readonly entry: TenantKey;
}

export function newKey(changes: Partial<TenantKey> = {}): NewKey {
  const { id, key, hash } = generateApiKey();
  return { apiKey: key, entry: { id, hash, scopes: ['ingest'], expires_at: null, revoked_at: null, ...changes } };
}

export function newTenant(changes: Partial<Tenant> = {}): Tenant {
  return {
    tenant_id: uniqueName('tenant'),
    name: 'A tenant',
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [],
    updated_at: Date.now(),
    ...changes,
  };
}
