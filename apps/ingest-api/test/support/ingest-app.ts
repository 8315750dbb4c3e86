import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { connectSchemaRegistry, type MetricEvent, metricEventDecoder } from '@weir/avro';
import { BatchConsumer, type ConsumedRecord, KafkaAdmin } from '@weir/kafka';
import { startService } from '@weir/nest-service';
import { engines, eventually, uniqueName } from '@weir/testing';
import { metricsRaw, resolveTopics, tenants as tenantsTopic } from '@weir/topics';

import { createIngestApi } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { connection } from './engines.js';
import { type Answer, type PostOptions, send } from './post.js';
import { type NewKey, newKey, newTenant, Tenants } from './tenants.js';

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the topic of tenants is filled, and the app waited for. */
  readonly ready?: boolean;
}

/** ingest-api on real engines, with topics and a tenant of its own. */
export class IngestApp {
  readonly key: NewKey = newKey();
  readonly tenant = newTenant({ keys: [this.key.entry] });

  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly rawTopic: string,
    readonly tenants: Tenants,
    private readonly consumer: BatchConsumer,
    private readonly received: readonly ConsumedRecord[],
  ) {}

  static async start({ env = {}, ready = true }: StartOptions = {}): Promise<IngestApp> {
    const prefix = `${uniqueName('ingest')}.`;
    const topics = resolveTopics({ prefix });
    const [rawTopic, tenantsName] = [topics.name(metricsRaw), topics.name(tenantsTopic)];
    const admin = new KafkaAdmin(connection());
    await admin.ensureTopics([topics.resolved(metricsRaw), topics.resolved(tenantsTopic)]);
    await admin.close();
    const config = loadConfig({
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: prefix,
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      ...env,
    });
    const app = await createIngestApi(config);
    const url = await startService(app);
    const received: ConsumedRecord[] = [];
    const consumer = new BatchConsumer(connection(), {
      groupId: uniqueName('reads'),
      topics: [rawTopic],
      handler: (batch) => {
        received.push(...batch.records);
        return Promise.resolve();
      },
    });
    await consumer.start();
    const tenants = new Tenants(tenantsName, connectSchemaRegistry({ url: engines().schemaRegistry.url }));
    const running = new IngestApp(app, url, rawTopic, tenants, consumer, received);
    if (ready) await running.becomeReady();
    return running;
  }

  /** Publishes the tenant and the sentinel, and waits until the app takes requests. */
  async becomeReady(): Promise<void> {
    await this.tenants.publish(this.tenant);
    await this.tenants.publishSentinel();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    await eventually(
      () => this.get('/health/ready'),
      ({ status }) => status === 200,
    );
  }

  get(path: string): Promise<Answer> {
    return send(this.url, '', { method: 'GET', path });
  }

  /** Posts JSON as this app's tenant, unless told otherwise. */
  post(body: unknown, { headers = {}, ...options }: PostOptions = {}): Promise<Answer> {
    const bytes = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    return send(this.url, bytes, {
      ...options,
      headers: { 'content-type': 'application/json', 'x-api-key': this.key.apiKey, ...headers },
    });
  }

  /** The records of one request, once there are `count` of them. */
  async records(correlationId: string, count: number): Promise<readonly ConsumedRecord[]> {
    return eventually(
      () => this.received.filter((record) => headerOf(record, 'correlation-id') === correlationId),
      (records) => records.length >= count,
    );
  }

  /** Everything in `metrics.raw` so far. */
  get allRecords(): readonly ConsumedRecord[] {
    return this.received;
  }

  async close(): Promise<void> {
    await this.tenants.close();
    await this.consumer.stop(1000);
    await this.app.close();
  }
}

/** The text of a header; undefined where the record has none of that name. */
export function headerOf({ headers }: ConsumedRecord, name: string): string | undefined {
  return headers.find((header) => header.key === name)?.value?.toString();
}

export async function decoded(records: readonly ConsumedRecord[]): Promise<readonly MetricEvent[]> {
  const decoder = metricEventDecoder(connectSchemaRegistry({ url: engines().schemaRegistry.url }));
  await decoder.prepare(records.map((record) => record.value));
  return records.map(({ value }) => {
    const event = value === null ? value : decoder.decode(value);
    if (event === null || event instanceof Error) throw new Error('The record has no event.', { cause: event });
    return event;
  });
}

/** A metric that is accepted. */
export const metric = (changes: object = {}): object => ({
  name: 'cpu_seconds_total',
  value: 1.5,
  timestamp: Date.now(),
  labels: { host: 'a' },
  ...changes,
});
