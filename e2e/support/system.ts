import { connectSchemaRegistry, DEFAULT_LIMITS, type Tenant } from '@weir/avro';
import {
  type GroupDescription,
  type GroupPartitionLag,
  KafkaAdmin,
  type KafkaConnection,
  type OutgoingRecord,
  RecordProducer,
} from '@weir/kafka';
import { generateApiKey, TenantsPublisher } from '@weir/tenancy';
import { engines, eventually, type FreshDatabase, freshDatabase, uniqueName } from '@weir/testing';
import { type AppName, metricsRaw, resolveTopics, tenants as tenantsTopic, type Topics } from '@weir/topics';
import { Client } from 'pg';

import { AppProcess, freePort } from './process.js';

export interface DemoTenant {
  readonly id: string;
  readonly apiKey: string;
}

/** Answer of `GET /ledger` on metrics-consumer. */
export interface Ledger {
  readonly balanced: boolean;
  readonly partitions: readonly {
    readonly topic: string;
    readonly topic_id: string;
    readonly partition: number;
    readonly next: number;
    readonly stored: number;
    readonly dead_lettered: number;
    readonly gap: number;
    readonly expired: number;
    readonly skipped: number;
  }[];
}

export type Environment = Readonly<Record<string, string>>;

/** What a system has other than usual. */
export interface SystemOptions {
  /** Variables of an app that are other than usual; with other addresses faults can be put between. */
  readonly environment?: (usual: Environment, app: AppName) => Environment | Promise<Environment>;
  readonly tenantCount?: number;
}

/** All apps as processes, on topics, a group and a database of their own. */
export class System {
  readonly admin = new KafkaAdmin(kafkaConnection());
  /** Those beside `ingest`, which `addIngest` started. */
  readonly moreIngest: AppProcess[] = [];

  private constructor(
    readonly ingest: AppProcess,
    /** More of them may be started with `addConsumer`. */
    readonly consumers: AppProcess[],
    readonly query: AppProcess,
    readonly tenants: readonly DemoTenant[],
    readonly topics: Topics,
    private readonly environment: Environment,
    private readonly database: FreshDatabase,
  ) {}

  /** Resolves once all are ready. */
  static async start({ environment = () => ({}), tenantCount = 1 }: SystemOptions = {}): Promise<System> {
    const database = await freshDatabase('e2e');
    const usual = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: `${uniqueName('e2e')}.`,
      KAFKA_CONSUMER_GROUP: uniqueName('e2e'),
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: database.url,
    };
    const app = async (name: AppName): Promise<AppProcess> =>
      new AppProcess(name, await freePort(), { ...usual, ...(await environment(usual, name)) });
    const apps = await Promise.all([app('ingest-api'), app('metrics-consumer'), app('query-api')] as const);
    const [ingest, consumer, query] = apps;
    const all = consumer.environment;
    const published = Array.from({ length: tenantCount }, newTenant);
    const topics = resolveTopics({ prefix: usual.KAFKA_TOPIC_PREFIX });
    const system = new System(ingest, [consumer], query, published, topics, all, database);
    try {
      apps.forEach((process) => process.start());
      await publishTenants(published, topics);
      await Promise.all(apps.map((process) => process.ready()));
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  get databaseName(): string {
    return this.database.name;
  }

  /** The first tenant. */
  get tenant(): DemoTenant {
    return first(this.tenants);
  }

  /** The first metrics-consumer. */
  get consumer(): AppProcess {
    return first(this.consumers);
  }

  /** Another member of the group; not ready yet. */
  async addConsumer(): Promise<AppProcess> {
    const added = new AppProcess('metrics-consumer', await freePort(), this.environment);
    added.start();
    this.consumers.push(added);
    return added;
  }

  /** Another ingest-api, with an address of its own; not ready yet. */
  async addIngest(): Promise<AppProcess> {
    const added = new AppProcess('ingest-api', await freePort(), this.ingest.environment);
    added.start();
    this.moreIngest.push(added);
    return added;
  }

  /** Ends the apps as a deploy would and answers their exit codes, in the order ingest, consumers, query. */
  async stop(): Promise<(number | string | null)[]> {
    const apps = [this.ingest, ...this.moreIngest, ...this.consumers, this.query];
    const statuses = await Promise.all(apps.map((app) => app.end()));
    await this.admin.close();
    await this.database.drop();
    return statuses;
  }

  /** Puts what nobody can read into metrics.raw, as a broken producer would; answers the values in hexadecimal. */
  async poison(count: number, from = 0): Promise<string[]> {
    const values = Array.from({ length: count }, (_, n) => Buffer.from(`{"poison":${from + n}}`));
    const headers = [{ key: 'tenant-id', value: Buffer.from('broken') }];
    const topic = this.topics.name(metricsRaw);
    await this.sendRaw(values.map((value, n) => ({ topic, key: `${n}`, value, headers })));
    return values.map((value) => value.toString('hex'));
  }

  /** Records as they are, past ingest-api. */
  async sendRaw(records: readonly OutgoingRecord[]): Promise<void> {
    await withProducer((producer) => producer.send(records));
  }

  /** By whichever metrics-consumer answers. */
  async ledger(): Promise<Ledger> {
    const answers = this.consumers.map(async ({ url }) => (await fetch(`${url}/ledger`)).json() as Promise<Ledger>);
    return Promise.any(answers);
  }

  /** Of metrics-consumer's group, in records, by partition. */
  lag(): Promise<GroupPartitionLag[]> {
    return this.admin.lag(this.environment['KAFKA_CONSUMER_GROUP'] ?? '', [this.topics.name(metricsRaw)]);
  }

  /** metrics-consumer's group as the broker sees it. */
  async group(): Promise<GroupDescription> {
    return first(await this.admin.describeGroups([this.environment['KAFKA_CONSUMER_GROUP'] ?? '']));
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

interface NewTenant extends DemoTenant {
  readonly hash: string;
  readonly keyId: string;
}

let newestTenant = 0;

function newTenant(): NewTenant {
  const { id: keyId, key: apiKey, hash } = generateApiKey();
  newestTenant += 1;
  return { id: `tenant-${newestTenant}`, apiKey, hash, keyId };
}

function first<T>([one]: readonly T[]): T {
  if (one === undefined) throw new Error('there is none');
  return one;
}

function tenantRecord({ id, keyId, hash }: NewTenant): Tenant {
  return {
    tenant_id: id,
    name: id,
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [{ id: keyId, hash, scopes: ['ingest', 'query'], expires_at: null, revoked_at: null }],
    updated_at: Date.now(),
  };
}

/** The engines' broker itself, past whatever a test put before it. */
export function kafkaConnection(): KafkaConnection {
  return { bootstrapServers: engines().kafka.bootstrapServers, clientId: 'e2e', securityProtocol: 'PLAINTEXT' };
}

async function publishTenants(published: readonly NewTenant[], topics: Topics): Promise<void> {
  await withProducer(async (producer) => {
    const publisher = new TenantsPublisher(producer, connectSchemaRegistry({ url: engines().schemaRegistry.url }), {
      topic: topics.name(tenantsTopic),
      autoRegister: true,
    });
    // The apps create the topic as they start.
    const publish = async (): Promise<boolean> => {
      await publisher.publish(published.map(tenantRecord));
      await publisher.publishSentinel();
      return true;
    };
    await eventually(publish, Boolean, { timeoutMs: 60_000, intervalMs: 250 });
  });
}

async function withProducer(work: (producer: RecordProducer) => Promise<void>): Promise<void> {
  const producer = new RecordProducer(kafkaConnection(), {
    name: 'e2e',
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 5_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 10_000,
    maxQueuedBytes: 10_000_000,
  });
  await producer.start();
  try {
    await work(producer);
  } finally {
    await producer.close(5_000);
  }
}
