import { connectSchemaRegistry, MetricEventEncoder, newestSchema, SchemaVersion, subjects } from '@weir/avro';
import { type ConsumedRecord, KafkaAdmin, LogReader, RecordProducer } from '@weir/kafka';
import { engines, eventually, type FreshDatabase, freshDatabase, RegistryProxy, uniqueName } from '@weir/testing';
import { type AppName, metricsDlq, metricsRaw, resolveTopics, type Topics } from '@weir/topics';
import { Pool } from 'pg';

import { Operator, operatorKey } from './operator.js';
import { AppProcess, freePort } from './process.js';
import { kafkaConnection, type Ledger } from './system.js';

const HTTP_NOT_FOUND = 404;
/** Where the schema registry's id is in the Confluent frame. */
const ID_AT = 1;

/** What was put into `metrics.raw`, and what is wrong with it. */
export interface Broken {
  readonly tenant: string;
  readonly count: number;
}

/** metrics-consumer, dlq-replayer and admin-service as processes, and a broken producer. */
export class Recovery {
  readonly admin = new KafkaAdmin(kafkaConnection());
  readonly apps = new Map<AppName, AppProcess[]>();
  readonly registry = new RegistryProxy(engines().schemaRegistry.url);
  private readonly log = new LogReader(kafkaConnection(), { name: 'recovery' });
  private readonly producer = new RecordProducer(kafkaConnection(), {
    name: 'broken',
    compression: 'lz4',
    lingerMs: 5,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 100_000,
    maxQueuedBytes: 100_000_000,
  });
  private readonly encoder = new MetricEventEncoder(connectSchemaRegistry({ url: engines().schemaRegistry.url }), {
    subject: subjects.metricsRaw.subject,
    autoRegister: true,
  });
  private readonly startedMs = Date.now();
  private next = 0;

  private constructor(
    readonly operator: Operator,
    readonly pool: Pool,
    readonly topics: Topics,
    private readonly usual: Readonly<Record<string, string>>,
    private readonly database: FreshDatabase,
    /** Of a schema that the registry has, and denies while `denies` is true. */
    private readonly lateSchemaId: number,
  ) {}

  /** `environment`: variables of all apps other than usual. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Recovery> {
    const database = await freshDatabase('e2e');
    const prefix = `${uniqueName('recovery')}.`;
    const key = operatorKey();
    const usual = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: prefix,
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: database.url,
      ADMIN_BOOTSTRAP_KEY: key,
      // Two tenants are all there are, and both are broken.
      BREAKER_SHARE_MIN_TENANTS: '10',
      ...environment,
    };
    const port = await freePort();
    const pool = new Pool({ connectionString: database.url, max: 2 });
    pool.on('error', () => undefined);
    const lateSchemaId = await registered();
    const operator = new Operator(`http://127.0.0.1:${port}`, key);
    const recovery = new Recovery(operator, pool, resolveTopics({ prefix }), usual, database, lateSchemaId);
    await recovery.registry.start();
    recovery.schemaIsKnown(false);
    await Promise.all([recovery.producer.start(), recovery.encoder.ready(SchemaVersion.V3)]);
    await recovery.add('admin-service', port);
    await recovery.add('metrics-consumer');
    await recovery.add('dlq-replayer');
    await Promise.all([...recovery.apps.values()].flat().map((app) => app.ready()));
    return recovery;
  }

  /** Another process of an app; the first of its kind has the port. */
  async add(name: AppName, port?: number): Promise<AppProcess> {
    const app = new AppProcess(name, port ?? (await freePort()), {
      ...this.usual,
      KAFKA_CONSUMER_GROUP: `${this.usual['KAFKA_TOPIC_PREFIX']}${name}`,
      ...(name === 'metrics-consumer' && { SCHEMA_REGISTRY_URL: this.registry.url }),
    });
    this.apps.set(name, [...(this.apps.get(name) ?? []), app]);
    app.start();
    return app;
  }

  app(name: AppName): AppProcess {
    const [app] = this.apps.get(name) ?? [];
    if (app === undefined) throw new Error(`${name} was not started`);
    return app;
  }

  schemaIsKnown(known: boolean): void {
    this.registry.fault = ({ url }) =>
      known || url?.includes(`/schemas/ids/${this.lateSchemaId}`) !== true
        ? undefined
        : (_request, answer) =>
            answer.writeHead(HTTP_NOT_FOUND).end(JSON.stringify({ error_code: 40_403, message: 'Schema not found' }));
  }

  /** Samples whose schema the registry does not tell of yet. */
  lateSchema({ tenant, count }: Broken): Promise<void> {
    return this.send(tenant, count, 1, (value) => {
      const framed = Buffer.from(value);
      framed.writeInt32BE(this.lateSchemaId, ID_AT);
      return framed;
    });
  }

  /** Samples with values that a constraint of the database refuses. */
  tooLarge({ tenant, count }: Broken): Promise<void> {
    return this.send(tenant, count, 2_000_000, (value) => value);
  }

  async limitValues(limited: boolean): Promise<void> {
    await this.pool.query(
      limited
        ? 'ALTER TABLE metrics.samples ADD CONSTRAINT samples_value_small CHECK (value < 1000000) NOT VALID'
        : 'ALTER TABLE metrics.samples DROP CONSTRAINT samples_value_small',
    );
  }

  /** What will never be a sample. */
  async nonsense({ tenant, count }: Broken): Promise<void> {
    const headers = [{ key: 'tenant-id', value: Buffer.from(tenant) }];
    const topic = this.topics.name(metricsRaw);
    await this.producer.send(
      Array.from({ length: count }, (_, n) => ({
        topic,
        key: `nonsense-${n}`,
        value: Buffer.from('{"up":1}'),
        headers,
      })),
    );
  }

  async samples(): Promise<{ readonly samples: number; readonly distinct: number }> {
    const { rows } = await this.pool.query<{ samples: number; distinct: number }>(
      `SELECT count(*)::int AS samples, count(DISTINCT (name, ts))::int AS distinct
       FROM metrics.samples JOIN metrics.series ON id = series_id`,
    );
    return rows[0] ?? { samples: 0, distinct: 0 };
  }

  /** What a read_committed reader finds in a topic. */
  async all(topic: 'raw' | 'dlq'): Promise<ConsumedRecord[]> {
    const name = this.topics.name(topic === 'raw' ? metricsRaw : metricsDlq);
    const records: ConsumedRecord[] = [];
    for (const { partition, low, high } of await this.admin.watermarks([name]))
      await this.log.read({ topic: name, partition, from: low, to: high }, (some) => void records.push(...some));
    return records;
  }

  async ledger(): Promise<Ledger> {
    const answer = await fetch(`${this.app('metrics-consumer').url}/ledger`);
    return (await answer.json()) as Ledger;
  }

  /** How many records metrics-consumer has settled, by the ledger. */
  async settled(): Promise<{ readonly stored: number; readonly deadLettered: number }> {
    const { partitions } = await this.ledger();
    const sum = (of: 'stored' | 'dead_lettered'): number => partitions.reduce((all, line) => all + line[of], 0);
    return { stored: sum('stored'), deadLettered: sum('dead_lettered') };
  }

  /** Resolves once the index has every dead letter that there is, and there are so many. */
  async indexed(count: number, timeoutMs = 120_000): Promise<void> {
    await eventually(
      async () => {
        const { partitions, behind } = (await this.operator.call('GET', '/dlq/index')) as {
          partitions: { high: number }[];
          behind: number;
        };
        return { letters: partitions.reduce((sum, { high }) => sum + high, 0), behind };
      },
      ({ letters, behind }) => letters >= count && behind === 0,
      { timeoutMs },
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.apps.values()].flat().map((app) => app.end('SIGKILL')));
    await Promise.all([this.registry.stop(), this.producer.close(1_000), this.log.close(), this.pool.end()]);
    await this.admin.deleteTopics(
      (await this.admin.listTopics()).filter((name) => name.startsWith(this.usual['KAFKA_TOPIC_PREFIX'] ?? '?')),
    );
    await this.admin.close();
    await this.database.drop();
  }

  private async send(tenant: string, count: number, value: number, changed: (value: Buffer) => Buffer): Promise<void> {
    const events = Array.from({ length: count }, () => {
      this.next += 1;
      return {
        name: `late_${this.next % 100}`,
        value,
        timestamp: this.startedMs - this.next,
        labels: {},
        environment: null,
        tenant_id: tenant,
        ingested_at: Date.now(),
      };
    });
    const topic = this.topics.name(metricsRaw);
    const values = this.encoder.encode(events, SchemaVersion.V3);
    await this.producer.send(
      events.map(({ name }, n) => ({
        topic,
        key: `${tenant}/${name}`,
        value: changed(values[n] ?? Buffer.alloc(0)),
        // Without it nobody could tell whose a record of an unknown schema is.
        headers: [{ key: 'tenant-id', value: Buffer.from(tenant) }],
      })),
    );
  }
}

/** A schema like ours that nobody has registered before. */
async function registered(): Promise<number> {
  const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  const schema = JSON.parse(newestSchema(subjects.metricsRaw)) as object;
  const subject = `${uniqueName('late')}-value`;
  return registry.register(subject, JSON.stringify({ ...schema, doc: subject }), 'NONE');
}
