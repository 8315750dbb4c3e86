import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { connectSchemaRegistry, DEFAULT_LIMITS, type SchemaRegistryClient, type Tenant } from '@weir/avro';
import { parseEnvironment, serviceConfig, serviceVariables } from '@weir/config';
import { KafkaAdmin, type KafkaConnection, RecordProducer } from '@weir/kafka';
import { createService, ServiceModule, startService } from '@weir/nest-service';
import { createLogger } from '@weir/telemetry';
import { generateApiKey, TenantsPublisher, TenantsView } from '@weir/tenancy';
import { engines, eventually, uniqueName } from '@weir/testing';
import { resolveTopics, tenants as tenantsTopic } from '@weir/topics';

import { TenantsModule } from '../src/index.js';

interface StartOptions {
  readonly enabled?: boolean;
  readonly bootstrapServers?: string;
  readonly maxAgeMs?: number;
}

interface TenantsHealth {
  readonly status: string;
  readonly state: string;
  readonly waiting_for: string | null;
  readonly tenants: number;
  readonly age_ms: number;
}

const connectionTo = (bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection => ({
  bootstrapServers,
  clientId: 'nest-tenancy-test',
  securityProtocol: 'PLAINTEXT',
});

const registry = (): SchemaRegistryClient => connectSchemaRegistry({ url: engines().schemaRegistry.url });

/** An app that knows tenants and does nothing else, and the topic that it knows them from. */
export class TenantsApp {
  private closed = false;

  private constructor(
    readonly topic: string,
    readonly publisher: TenantsPublisher,
    readonly producer: RecordProducer,
    readonly view: TenantsView,
    /** As written, one JSON object each. */
    readonly logs: readonly string[],
    private readonly app: NestFastifyApplication,
    private readonly url: string,
  ) {}

  static async start({ enabled = true, bootstrapServers, maxAgeMs = 60_000 }: StartOptions = {}): Promise<TenantsApp> {
    const topics = resolveTopics({ prefix: `${uniqueName('nest-tenancy')}.` });
    const topic = topics.name(tenantsTopic);
    const admin = new KafkaAdmin(connectionTo());
    await admin.ensureTopics([topics.resolved(tenantsTopic)]);
    await admin.close();
    const producer = new RecordProducer(connectionTo(), {
      name: 'tenants',
      compression: 'none',
      lingerMs: 0,
      deliveryTimeoutMs: 10_000,
      connectWaitMs: 30_000,
      maxQueuedRecords: 1_000,
      maxQueuedBytes: 1_000_000,
    });
    await producer.start();

    const env = { NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '0' };
    const service = serviceConfig(parseEnvironment(serviceVariables('tenants-app', 0), env));
    const logs: string[] = [];
    @Module({
      imports: [
        ServiceModule.forApp(service, { logger: createLogger(service, { write: (line) => logs.push(line) }) }),
        TenantsModule.forRoot({
          kafka: { enabled, connection: connectionTo(bootstrapServers) },
          schemaRegistry: registry(),
          topic,
          maxAgeMs,
        }),
      ],
    })
    class AppModule {}

    const app = await createService(AppModule, service);
    const publisher = new TenantsPublisher(producer, registry(), { topic, autoRegister: true });
    return new TenantsApp(topic, publisher, producer, app.get(TenantsView), logs, app, await startService(app));
  }

  /** Publishes the tenant and the sentinel, and waits until the app is ready. */
  async becomeReady(tenant: Tenant): Promise<void> {
    await this.publisher.publish([tenant]);
    await this.publisher.publishSentinel();
    await eventually(() => this.ready());
  }

  async ready(): Promise<boolean> {
    return (await fetch(`${this.url}/health/ready`)).ok;
  }

  /** What `/health/tenants` answers. */
  async health(): Promise<TenantsHealth> {
    return (await fetch(`${this.url}/health/tenants`)).json() as Promise<TenantsHealth>;
  }

  /** The value of a metric as `/metrics` shows it, labels and all in its name. NaN where it is not there. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const value = text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
    return value === '+Inf' ? Infinity : Number(value ?? NaN);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all([this.app.close(), this.producer.close(1_000)]);
  }
}

/** A tenant with one key, and the key as its owner presents it. */
export function newTenant(): { tenant: Tenant; presented: string } {
  const { id, key, hash } = generateApiKey();
  const tenant: Tenant = {
    tenant_id: 'acme',
    name: 'Acme',
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [{ id, hash, scopes: ['ingest'], expires_at: null, revoked_at: null }],
    updated_at: Date.now(),
  };
  return { tenant, presented: key };
}
