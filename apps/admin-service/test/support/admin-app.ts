import { connectSchemaRegistry, type AuditEntry, AvroDecoder, newestSchema, subjects } from '@weir/avro';
import { KafkaAdmin, type KafkaConnection, TopicReader } from '@weir/kafka';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startService } from '@weir/nest-service';
import { generateOperatorKey, TenantsFeed, TenantsView } from '@weir/tenancy';
import { engines, eventually, type EventuallyOptions, freshDatabase, uniqueName } from '@weir/testing';
import { auditLog, resolveTopics, tenants as tenantsTopic, type Topics } from '@weir/topics';
import { Pool } from 'pg';

import { createAdminService } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; an empty object where it is none. */
  readonly body: Record<string, unknown>;
}

export interface Asked {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Variables = Readonly<Record<string, string>>;

export interface StartOptions {
  /** Variables other than usual. */
  readonly env?: (usual: Variables) => Variables | Promise<Variables>;
  /** Whether the app is waited for. */
  readonly ready?: boolean;
}

function connection(): KafkaConnection {
  return { bootstrapServers: engines().kafka.bootstrapServers, clientId: 'admin-test', securityProtocol: 'PLAINTEXT' };
}

/** admin-service on real engines, with topics and a database of its own, and the key of its first admin. */
export class AdminApp {
  readonly kafka = new KafkaAdmin(connection());
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly adminKey: string,
    readonly pool: Pool,
    readonly topics: Topics,
    readonly prefix: string,
    readonly databaseUrl: string,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start({ env = () => ({}), ready = true }: StartOptions = {}): Promise<AdminApp> {
    const prefix = `${uniqueName('admin')}.`;
    const database = await freshDatabase('admin');
    const { key } = generateOperatorKey();
    const usual = {
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: prefix,
      KAFKA_CONSUMER_GROUP: uniqueName('admin'),
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: database.url,
      ADMIN_BOOTSTRAP_KEY: key,
    };
    const app = await createAdminService(loadConfig({ ...usual, ...(await env(usual)) }));
    const pool = new Pool({ connectionString: database.url, max: 4 });
    pool.on('error', () => undefined);
    const url = await startService(app);
    const admin = new AdminApp(app, url, key, pool, resolveTopics({ prefix }), prefix, database.url, () =>
      database.drop(),
    );
    if (ready) await admin.untilReady();
    return admin;
  }

  async untilReady(options?: EventuallyOptions): Promise<void> {
    await eventually(
      () => this.call('GET', '/health/ready', { key: null }),
      ({ status }) => status === 200,
      options,
    );
  }

  /** One request, as the first admin unless told otherwise. */
  async call(method: string, path: string, { key = this.adminKey, body, headers = {} }: Asked = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(key !== null && { 'x-operator-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: jsonOf(text) };
  }

  /** A request below /api/v1 that has to succeed; its body. */
  async done(method: string, path: string, asked: Asked = {}): Promise<Record<string, unknown>> {
    const { status, text, body } = await this.call(method, `/api/v1${path}`, asked);
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${text}`);
    return body;
  }

  /** Where `work` rejects, so does this, with what its consumers are up to, how far it has read, and what its database is busy with. */
  async explaining<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const { text } = await this.call('GET', '/health/consumer', { key: null });
      const { rows: positions } = await this.pool.query(
        'SELECT topic, partition, next FROM admin.projection_positions',
      );
      const { rows: busy } = await this.pool.query(
        `SELECT state, wait_event_type, wait_event, now() - xact_start AS since, query FROM pg_stat_activity
         WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`,
      );
      throw new Error(`${String(error)}\n${[text, positions, busy].map((found) => JSON.stringify(found)).join('\n')}`, {
        cause: error,
      });
    }
  }

  /** The key of a new operator. */
  async operator(role: string): Promise<{ readonly id: string; readonly key: string }> {
    const { operator, key } = await this.done('POST', '/operators', { body: { name: `A ${role}`, role } });
    return { id: (operator as { id: string }).id, key: key as string };
  }

  /** What a service knows of tenants, from the topic. */
  view(): TenantsView {
    const view = new TenantsView({ maxAgeMs: 60_000 });
    const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
    const feed = new TenantsFeed(connection(), registry, view, { topic: this.topics.name(tenantsTopic) });
    feed.start();
    this.closing.push(() => feed.close());
    return view;
  }

  /** The records of audit.log as they come. */
  auditRecords(): AuditEntry[] {
    const entries: AuditEntry[] = [];
    const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
    const decoder = new AvroDecoder<AuditEntry>(registry, newestSchema(subjects.audit), { anchor: subjects.audit });
    const decoded = async (value: Buffer): Promise<void> => {
      await decoder.prepare([value]);
      const entry = decoder.decode(value);
      if (!(entry instanceof Error)) entries.push(entry);
    };
    const reader = new TopicReader(connection(), {
      topic: this.topics.name(auditLog),
      onRecord: ({ value }) => {
        if (value === null) return;
        void decoded(value);
      },
    });
    reader.start();
    this.closing.push(() => reader.close());
    return entries;
  }

  /** The process alone: its topics and its database may be another's. */
  async end(): Promise<void> {
    await this.app.close();
    await this.kafka.close();
    await this.pool.end();
    await this.drop();
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
    await this.app.close();
    const made = await this.kafka.describeTopics(this.topics.of('admin-service').map((each) => this.topics.name(each)));
    await this.kafka.deleteTopics(made.map(({ name }) => name));
    await this.kafka.close();
    await this.pool.end();
    await this.drop();
  }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
