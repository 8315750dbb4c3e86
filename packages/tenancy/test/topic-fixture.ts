import { connectSchemaRegistry, DEFAULT_LIMITS, type SchemaRegistryClient, type Tenant } from '@weir/avro';
import { type ConsumedRecord, KafkaAdmin, type KafkaConnection, RecordProducer } from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';
import { resolveTopics, tenants as tenantsTopic } from '@weir/topics';

import { generateApiKey, TenantsFeed, TenantsPublisher, TenantsView, type TenantsViewOptions } from '../src/index.js';

const connectionTo = (bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection => ({
  bootstrapServers,
  clientId: 'tenancy-test',
  securityProtocol: 'PLAINTEXT',
});

const registry = (): SchemaRegistryClient => connectSchemaRegistry({ url: engines().schemaRegistry.url });

export function tenant(changes: Partial<Tenant> = {}): Tenant {
  return {
    tenant_id: 'acme',
    name: 'Acme',
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [],
    updated_at: Date.now(),
    ...changes,
  };
}

/** A key as its tenant's record has it, and as its owner presents it. */
export function newKey(): { presented: string; entry: Tenant['keys'][number] } {
  const { id, key, hash } = generateApiKey();
  return { presented: key, entry: { id, hash, scopes: ['ingest'], expires_at: null, revoked_at: null } };
}

interface FollowOptions extends Partial<TenantsViewOptions> {
  readonly registry?: SchemaRegistryClient;
  readonly bootstrapServers?: string;
}

export interface Followed {
  readonly view: TenantsView;
  readonly feed: TenantsFeed;
  /** `<offset> <reason>` of each record that was passed over. */
  readonly passedOver: string[];
  /** Codes of what reading met. */
  readonly failures: string[];
}

/** The topic `tenants` of one test, with a publisher and any number of readers. */
export class TenantsTopic {
  private readonly feeds: TenantsFeed[] = [];

  private constructor(
    readonly name: string,
    readonly producer: RecordProducer,
    readonly publisher: TenantsPublisher,
    private readonly admin: KafkaAdmin,
  ) {}

  static async make(): Promise<TenantsTopic> {
    const name = `${uniqueName('tenancy')}.tenants`;
    const producer = new RecordProducer(connectionTo(), {
      name: 'tenants',
      compression: 'none',
      lingerMs: 0,
      deliveryTimeoutMs: 10_000,
      connectWaitMs: 30_000,
      maxQueuedRecords: 1000,
      maxQueuedBytes: 1_000_000,
    });
    await producer.start();
    const publisher = new TenantsPublisher(producer, registry(), { topic: name, autoRegister: true });
    const topic = new TenantsTopic(name, producer, publisher, new KafkaAdmin(connectionTo()));
    await topic.create();
    return topic;
  }

  async create(): Promise<void> {
    const topics = resolveTopics({ overrides: { [tenantsTopic.name]: this.name } });
    await this.admin.ensureTopics([topics.resolved(tenantsTopic)]);
  }

  /** Resolves once the brokers know it no more. */
  async delete(): Promise<void> {
    await this.admin.deleteTopics([this.name]);
    await eventually(
      () => this.admin.describeTopics([this.name]),
      (found) => found.length === 0,
    );
  }

  follow({ registry: from = registry(), bootstrapServers, ...options }: FollowOptions = {}): Followed {
    const view = new TenantsView({ maxAgeMs: 60_000, ...options });
    const [passedOver, failures]: [string[], string[]] = [[], []];
    const feed = new TenantsFeed(connectionTo(bootstrapServers), from, view, {
      topic: this.name,
      observer: {
        passedOver: ({ offset }: ConsumedRecord, reason) => passedOver.push(`${offset} ${reason}`),
        failed: ({ code }) => failures.push(code),
      },
    });
    this.feeds.push(feed);
    feed.start();
    return { view, feed, passedOver, failures };
  }

  async close(): Promise<void> {
    await Promise.all([...this.feeds.map((feed) => feed.close()), this.producer.close(1000), this.admin.close()]);
  }
}
