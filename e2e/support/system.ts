import { connectSchemaRegistry, DEFAULT_LIMITS, type Tenant } from '@weir/avro';
import { type KafkaConnection, RecordProducer } from '@weir/kafka';
import { generateApiKey, TenantsPublisher } from '@weir/tenancy';
import { engines, eventually, type FreshDatabase, freshDatabase, uniqueName } from '@weir/testing';
import { resolveTopics, tenants } from '@weir/topics';
import { Client } from 'pg';

import { AppProcess, freePort } from './process.js';

export interface DemoTenant {
  readonly id: string;
  readonly apiKey: string;
}

/** Answer of `GET /ledger` on metrics-consumer. */
export interface Ledger {
  readonly balanced: boolean;
  readonly partitions: readonly { readonly stored: number; readonly dead_lettered: number }[];
}

/** All apps as processes, on topics, a group and a database of their own. */
export class System {
  private constructor(
    readonly ingest: AppProcess,
    readonly consumer: AppProcess,
    readonly query: AppProcess,
    readonly tenant: DemoTenant,
    private readonly database: FreshDatabase,
  ) {}

  static async start(): Promise<System> {
    const topicPrefix = `${uniqueName('e2e')}.`;
    const database = await freshDatabase('e2e');
    const environment = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: topicPrefix,
      KAFKA_CONSUMER_GROUP: uniqueName('e2e'),
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: database.url,
    };
    const app = async (name: string): Promise<AppProcess> => new AppProcess(name, await freePort(), environment);
    const apps = await Promise.all([app('ingest-api'), app('metrics-consumer'), app('query-api')] as const);
    const system = new System(...apps, newTenant(), database);
    try {
      apps.forEach((process) => process.start());
      await publishTenant(system.tenant, topicPrefix);
      await Promise.all(apps.map((process) => process.ready()));
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  /** Ends the apps as a deploy would and answers their exit codes, in the order ingest, consumer, query. */
  async stop(): Promise<(number | string | null)[]> {
    const statuses = await Promise.all([this.ingest, this.consumer, this.query].map((app) => app.end()));
    await this.database.drop();
    return statuses;
  }

  async ledger(): Promise<Ledger> {
    const response = await fetch(`${this.consumer.url}/ledger`);
    return (await response.json()) as Ledger;
  }

  /** Looks into the store itself, past every app. */
  async sql<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const client = new Client({ connectionString: this.database.url });
    await client.connect();
    try {
      const { rows } = await client.query<T>(text, [...values]);
      return rows;
    } finally {
      await client.end();
    }
  }
}

let newestTenant = 0;

function newTenant(): DemoTenant & { readonly hash: string; readonly keyId: string } {
  const { id: keyId, key: apiKey, hash } = generateApiKey();
  newestTenant += 1;
  return { id: `tenant-${newestTenant}`, apiKey, hash, keyId };
}

async function publishTenant(tenant: DemoTenant, topicPrefix: string): Promise<void> {
  const { keyId, hash } = tenant as ReturnType<typeof newTenant>;
  const record: Tenant = {
    tenant_id: tenant.id,
    name: tenant.id,
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [{ id: keyId, hash, scopes: ['ingest', 'query'], expires_at: null, revoked_at: null }],
    updated_at: Date.now(),
  };
  const connection: KafkaConnection = {
    bootstrapServers: engines().kafka.bootstrapServers,
    clientId: 'e2e',
    securityProtocol: 'PLAINTEXT',
  };
  const producer = new RecordProducer(connection, {
    name: 'tenants',
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 5_000,
    maxQueuedRecords: 100,
    maxQueuedBytes: 1_000_000,
  });
  const publisher = new TenantsPublisher(producer, connectSchemaRegistry({ url: engines().schemaRegistry.url }), {
    topic: resolveTopics({ prefix: topicPrefix }).name(tenants),
    autoRegister: true,
  });
  await producer.start();
  try {
    // The apps create the topic as they start.
    const publish = async (): Promise<boolean> => {
      await publisher.publish([record]);
      await publisher.publishSentinel();
      return true;
    };
    await eventually(publish, Boolean, { timeoutMs: 60_000, intervalMs: 250 });
  } finally {
    await producer.close(5_000);
  }
}
