import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import kafka, { type Message } from '@confluentinc/kafka-javascript';
import { KafkaAdmin, type KafkaConnection } from '@weir/kafka';
import { engines, eventually, freshDatabase, uniqueName } from '@weir/testing';
import { Pool, type PoolClient } from 'pg';

import { createOutboxTables, Outbox, OutboxRelay, type OutboxRelayOptions } from '../../src/index.js';

const SCHEMA = 'app';
/** Of a process that a test freezes: soon, so that it sees another relay in its place. */
const IDLE_TIMEOUT_MS = 1_500;

export const connectionTo = (bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection => ({
  bootstrapServers,
  clientId: 'outbox-test',
  securityProtocol: 'PLAINTEXT',
});

export interface Published {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, Buffer])[];
}

/** An outbox in a database of its own, a topic of its own, and relays for it. */
export class OutboxFixture {
  readonly outbox = new Outbox(SCHEMA);
  readonly transactionalId = uniqueName('outbox');
  private readonly relays: OutboxRelay[] = [];
  private readonly children: ChildProcess[] = [];

  private constructor(
    readonly databaseUrl: string,
    readonly topic: string,
    readonly pool: Pool,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create({ partitions = 1 } = {}): Promise<OutboxFixture> {
    const database = await freshDatabase('outbox');
    const pool = new Pool({ connectionString: database.url, max: 8 });
    pool.on('error', () => undefined);
    await pool.query(`CREATE SCHEMA ${SCHEMA}; ${createOutboxTables(SCHEMA).join(';')}`);
    const topic = uniqueName('outbox');
    await withAdmin((admin) => admin.createTopic({ name: topic, partitions }));
    return new OutboxFixture(database.url, topic, pool, () => database.drop());
  }

  relay(options: Partial<OutboxRelayOptions> = {}, connection = connectionTo()): OutboxRelay {
    const { databaseUrl, transactionalId } = this;
    const relay = new OutboxRelay(connection, {
      databaseUrl,
      schema: SCHEMA,
      transactionalId,
      ...options,
    });
    this.relays.push(relay);
    return relay;
  }

  /** A relay in a process of its own; `stopAt` makes it stop itself with SIGSTOP once it holds its nth batch. */
  child(batchMessages = 50, stopAt = 0): ChildProcess {
    const script = fileURLToPath(new URL('../relay.child.ts', import.meta.url));
    const loader = fileURLToPath(new URL('../../../jest-preset/run-source.js', import.meta.url));
    const settings = { batchMessages, stopAt, idleTimeoutMs: IDLE_TIMEOUT_MS };
    const child = spawn(
      process.execPath,
      [
        '--conditions=@weir/source',
        '--import',
        loader,
        script,
        engines().kafka.bootstrapServers,
        this.databaseUrl,
        this.transactionalId,
        JSON.stringify(settings),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '' } },
    );
    this.children.push(child);
    return child;
  }

  async inTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  /** One transaction for each value. */
  async say(key: string, ...values: readonly string[]): Promise<void> {
    for (const value of values)
      await this.inTransaction((client) =>
        this.outbox.enqueue(client, [{ topic: this.topic, key, value: Buffer.from(value) }]),
      );
  }

  async untilEmpty(timeoutMs = 60_000): Promise<void> {
    await eventually(
      () => this.outbox.backlog(this.pool),
      ({ messages }) => messages === 0,
      { timeoutMs },
    );
  }

  /** What a read_committed reader has of the topic now. */
  async published(): Promise<Published[]> {
    const partitions = await withAdmin(async (admin) => (await admin.watermarks([this.topic])).length);
    const consumer = new kafka.KafkaConsumer({
      'bootstrap.servers': engines().kafka.bootstrapServers,
      'group.id': uniqueName('reads'),
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'isolation.level': 'read_committed',
      'fetch.wait.max.ms': 50,
    });
    await new Promise((resolve, reject) => {
      consumer.connect({ timeout: 10_000 }, (error, metadata) => (error ? reject(error) : resolve(metadata)));
    });
    const ended = new Set<number>();
    consumer.on('partition.eof', ({ partition }) => ended.add(partition));
    consumer.setDefaultConsumeTimeout(50);
    consumer.assign(
      Array.from({ length: partitions }, (_, partition) => ({ topic: this.topic, partition, offset: 0 })),
    );
    const records: Message[] = [];
    while (ended.size < partitions)
      records.push(
        ...(await new Promise<Message[]>((resolve, reject) => {
          consumer.consume(1_000, (error, messages) => (error ? reject(error) : resolve(messages)));
        })),
      );
    await new Promise((resolve) => {
      consumer.disconnect(resolve);
    });
    return records.map(({ key, value, headers = [] }) => ({
      key: key === undefined || key === null ? null : String(key),
      value: value === null ? null : String(value),
      headers: headers.flatMap((header) =>
        Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes)] as const),
      ),
    }));
  }

  async values(): Promise<(string | null)[]> {
    return (await this.published()).map(({ value }) => value);
  }

  async close(): Promise<void> {
    for (const child of this.children)
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
    await Promise.all(this.relays.map((relay) => relay.stop()));
    await this.pool.end();
    await withAdmin((admin) => admin.deleteTopics([this.topic]));
    await this.drop();
  }
}

async function withAdmin<T>(work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = new KafkaAdmin(connectionTo());
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
