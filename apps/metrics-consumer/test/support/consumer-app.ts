import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { LedgerReport } from '@weir/metrics-store';
import { startService } from '@weir/nest-service';
import { engines, eventually, type FreshDatabase, freshDatabase, uniqueName } from '@weir/testing';
import type { TopicDefinition } from '@weir/topics';
import { Pool } from 'pg';

import { createMetricsConsumer } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { TestTopics } from './topics.js';

/** A row as a query would find it. */
export interface StoredSample {
  readonly tenant_id: string;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly ms: number;
  readonly value: number;
}

interface RunningApp {
  readonly app: NestFastifyApplication;
  readonly url: string;
}

/** metrics-consumer on real engines, with topics, a group and a database of its own, that can be stopped and started. */
export class ConsumerApp {
  readonly group = uniqueName('group');
  private running: RunningApp | null = null;
  private readonly peers: RunningApp[] = [];
  private readonly pool: Pool;

  private constructor(
    readonly topics: TestTopics,
    private readonly database: FreshDatabase,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.pool = new Pool({ connectionString: database.url, max: 2 });
    this.pool.on('error', () => undefined); // the database is dropped below it
  }

  /** Nothing runs yet. `env` may depend on the database's URL. */
  static async create(
    env: (databaseUrl: string) => Readonly<Record<string, string>> = () => ({}),
    partitions = 3,
  ): Promise<ConsumerApp> {
    const [topics, database] = await Promise.all([TestTopics.create(partitions), freshDatabase('consumer')]);
    return new ConsumerApp(topics, database, env(database.url));
  }

  async start(): Promise<void> {
    this.running = await this.launch();
  }

  /** Another instance beside it, in the same group and on the same database. Answers its address. */
  async startPeer(): Promise<string> {
    const peer = await this.launch();
    this.peers.push(peer);
    return peer.url;
  }

  get url(): string {
    return this.running?.url ?? '';
  }

  /** For a process of its own in the same group and on the same database. */
  get environment(): Readonly<Record<string, string>> {
    return {
      HOST: '127.0.0.1',
      PORT: '0',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_CONSUMER_GROUP: this.group,
      KAFKA_TOPIC_PREFIX: this.topics.prefix,
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: this.database.url,
      RETRY_MAX_DELAY: '300ms',
      ...this.env,
    };
  }

  private async launch(): Promise<RunningApp> {
    const config = loadConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent', ...this.environment });
    const app = await createMetricsConsumer(config);
    return { app, url: await startService(app) };
  }

  async stop(): Promise<void> {
    const apps = [...this.peers.splice(0), ...(this.running === null ? [] : [this.running])];
    await Promise.all(apps.map(({ app }) => app.close()));
    this.running = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async get(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`${this.running?.url}${path}`);
    return { status: response.status, body: await response.text() };
  }

  async post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    url = this.url,
  ): Promise<{ status: number; body: string }> {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.text() };
  }

  /** Takes a topic away below it, once it has compared its own, of which some are other here than they should be: until then it would make it anew. */
  async removeTopic(topic: TopicDefinition): Promise<void> {
    if (this.running !== null)
      await eventually(
        () => this.get('/health/kafka'),
        ({ body }) => body.includes('"drift":[{'),
      );
    await this.topics.remove(topic);
  }

  async ledger(): Promise<LedgerReport> {
    // 503 while the database has no connection left.
    const { body } = await eventually(
      () => this.get('/ledger'),
      ({ status }) => status === 200,
    );
    return JSON.parse(body) as LedgerReport;
  }

  /** The sum of what the group has committed to Kafka over all partitions. */
  async committed(): Promise<number> {
    const offsets = await this.topics.admin.stableOffsets(this.group, [this.topics.raw]);
    return offsets.reduce((total, { offset }) => total + offset, 0);
  }

  /** Resolves once the group has committed all that Kafka has. */
  async untilCaughtUp(): Promise<void> {
    await eventually(
      () => this.topics.admin.lag(this.group, [this.topics.raw]),
      (partitions) => partitions.every(({ lag }) => lag === 0),
    );
  }

  /** As a superuser of the database, to do harm. */
  async sql(text: string, values: unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.pool.query<Record<string, unknown>>(text, values)).rows;
  }

  /** Runs `work` while another session holds what this statement locks. */
  async whileHolding(lock: string, work: () => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query(`BEGIN; ${lock}`);
      await work();
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  /** Offsets of all partitions, by outcome. */
  async settled(): Promise<{ stored: number; deadLettered: number; gap: number; expired: number }> {
    const { partitions } = await this.ledger();
    const sum = (count: 'stored' | 'dead_lettered' | 'gap' | 'expired'): number =>
      partitions.reduce((total, line) => total + line[count], 0);
    return { stored: sum('stored'), deadLettered: sum('dead_lettered'), gap: sum('gap'), expired: sum('expired') };
  }

  /** Waits until the ledger has so many offsets stored and dead-lettered, and answers it. */
  async untilSettled(records: number): Promise<LedgerReport> {
    await eventually(
      () => this.settled(),
      ({ stored, deadLettered }) => stored + deadLettered >= records,
    );
    return this.ledger();
  }

  async samples(): Promise<StoredSample[]> {
    const { rows } = await this.pool.query<StoredSample>(
      `SELECT tenant_id, name, environment, labels, (extract(epoch FROM ts) * 1000)::float8 AS ms, value
       FROM metrics.samples JOIN metrics.series ON id = series_id ORDER BY ts, name, value`,
    );
    return rows;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.topics.close();
    await this.pool.end();
    await this.database.drop();
  }
}
