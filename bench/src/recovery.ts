import { RecordDecodeError } from '@weir/errors';
import { Operator, operatorKey } from '@weir/e2e/operator';
import { AppProcess, freePort } from '@weir/e2e/process';
import { kafkaConnection } from '@weir/e2e/system';
import { type ConsumedRecord, type DeadLetter, DeadLetterPublisher, LogReader, REPLAY_ID_HEADER } from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';
import { metricsDlq, metricsRaw } from '@weir/topics';
import { Client } from 'pg';

import { sampleEncoder } from './encoded.js';
import { sampleAt, SERIES } from './samples.js';
import { sendInChunks } from './sending.js';
import { BenchSystem, INGEST_HEADERS, LOOK_EVERY_MS, PATIENCE_MS } from './system.js';

/** Where the records of dead letters were first. */
const TOPIC_ID = '0c766f4e-4033-482a-9810-facaa7246010';
const SCHEMA_ID = 17;
const SERVICE_VERSION = '0.1.0';

/** A bench's system with admin-service and dlq-replayer beside the others, and what is done to dead letters. */
export class BenchRecovery {
  /** By partition of metrics.raw: the offset of the next record that fails. */
  private readonly offsets: number[] = Array.from({ length: metricsRaw.partitions }, () => 0);
  private next = 0;

  private constructor(
    readonly weir: BenchSystem,
    readonly admin: AppProcess,
    readonly replayer: AppProcess,
    private readonly operator: Operator,
    private readonly database: Client,
    /** The partition of metrics.raw that each series is in. */
    private readonly partitions: ReadonlyMap<string, number>,
  ) {}

  static async start(): Promise<BenchRecovery> {
    const weir = await BenchSystem.start();
    const [port, key] = [await freePort(), operatorKey()];
    const app = (name: string, at: number): AppProcess =>
      new AppProcess(name, at, {
        ...weir.running.query.environment,
        KAFKA_CONSUMER_GROUP: uniqueName(name),
        ADMIN_BOOTSTRAP_KEY: key,
      });
    const [admin, replayer] = [app('admin-service', port), app('dlq-replayer', await freePort())];
    const operator = new Operator(`http://127.0.0.1:${port}`, key);
    const database = new Client({ connectionString: weir.running.databaseUrl });
    await database.connect();
    const recovery = new BenchRecovery(weir, admin, replayer, operator, database, await partitionsOfSeries(weir));
    admin.start();
    replayer.start();
    await Promise.all([admin.ready(), replayer.ready()]);
    return recovery;
  }

  /** The processes of this machine that take part in the work, by name. */
  get pids(): ReadonlyMap<string, number> {
    const { admin, replayer, weir } = this;
    return new Map([
      [admin.name, admin.pid ?? 0],
      [replayer.name, replayer.pid ?? 0],
      ...weir.pidsOf('kafka', 'postgres'),
    ]);
  }

  /** Puts dead letters of samples that nothing is wrong with into metrics.dlq, as metrics-consumer would write them; each of another series and time. */
  async writeLetters(count: number, tenantId: string): Promise<void> {
    const { topics, consumer } = this.weir.running;
    const encode = await sampleEncoder(engines().schemaRegistry.url, tenantId);
    const group = consumer.environment['KAFKA_CONSUMER_GROUP'] ?? '';
    const options = { topic: topics.name(metricsDlq), group, serviceVersion: SERVICE_VERSION };
    const [first, startMs] = [this.next, Date.now()];
    this.next += count;
    await sendInChunks(count, (producer, at, length) => {
      const values = encode(Array.from({ length }, (_, n) => sampleAt(first + at + n, startMs)));
      const letters = values.map((value, n) => this.letterOf(first + at + n, tenantId, value));
      return new DeadLetterPublisher(producer, options).publish(letters);
    });
  }

  /** How many records of metrics.dlq the index has gone past. */
  async projected(): Promise<number> {
    const { topics } = this.weir.running;
    const [row] = await this.asked<{ sum: string }>(
      'SELECT coalesce(sum(next), 0) AS sum FROM admin.projection_positions WHERE topic = $1',
      [topics.name(metricsDlq)],
    );
    return Number(row?.sum);
  }

  /** How many dead letters the index has, and how many its groups count. */
  async indexed(): Promise<{ readonly letters: number; readonly counted: number }> {
    const [row] = await this.asked<{ letters: string; counted: string }>(
      `SELECT (SELECT count(*) FROM admin.dead_letters) AS letters,
              (SELECT coalesce(sum(count), 0) FROM admin.dead_letter_counts) AS counted`,
    );
    return { letters: Number(row?.letters), counted: Number(row?.counted) };
  }

  /** Resolves once the index has every dead letter there is. */
  async allIndexed(): Promise<void> {
    const written = await this.weir.recordsIn(metricsDlq);
    await eventually(
      () => this.projected(),
      (now) => now >= written,
      { timeoutMs: PATIENCE_MS, intervalMs: LOOK_EVERY_MS },
    );
  }

  /** Plans a replay of all dead letters of a tenant and begins it; answers its id. */
  async beginReplay(
    tenant: string,
    options: { readonly rate: number; readonly chunkRecords: number },
  ): Promise<string> {
    const { hash } = await this.operator.call('POST', '/dlq/replays/plan', { filter: { tenant } });
    const { id } = await this.operator.call('POST', '/dlq/replays', { hash, ...options });
    return String(id);
  }

  /** How many of a replay's records dlq-replayer has answered. */
  async answered(replayId: string): Promise<number> {
    const [row] = await this.asked<{ sum: string }>(
      'SELECT coalesce(sum(records - unanswered), 0) AS sum FROM admin.replay_chunks WHERE replay_id = $1',
      [replayId],
    );
    return Number(row?.sum);
  }

  /** Once the replay is completed: how many of its records came to which end. */
  async completed(replayId: string): Promise<Readonly<Record<string, number>>> {
    const ended = await eventually(
      () => this.operator.call('GET', `/dlq/replays/${replayId}`),
      ({ state }) => state === 'completed',
      { timeoutMs: PATIENCE_MS },
    );
    return ended['counts'] as Readonly<Record<string, number>>;
  }

  /** How many records of a replay a read_committed reader finds in metrics.raw. */
  async published(replayId: string): Promise<number> {
    const records = await readAll(this.weir, this.weir.running.topics.name(metricsRaw));
    return records.filter(({ headers }) =>
      headers.some(({ key, value }) => key === REPLAY_ID_HEADER && String(value) === replayId),
    ).length;
  }

  async stop(): Promise<void> {
    await Promise.all([this.admin.end(), this.replayer.end(), this.database.end()]);
    await this.weir.stop();
  }

  /** On one connection: those who look often would cost the database as much as the work. */
  private async asked<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.database.query<T>(text, [...values])).rows;
  }

  private letterOf(n: number, tenantId: string, value: Buffer): DeadLetter {
    const key = `series-${n % SERIES}`;
    const partition = this.partitions.get(key) ?? 0;
    const offset = this.offsets[partition] ?? 0;
    this.offsets[partition] = offset + 1;
    return {
      record: {
        topic: this.weir.running.topics.name(metricsRaw),
        partition,
        offset,
        timestampMs: Date.now(),
        key: Buffer.from(key),
        value,
        headers: INGEST_HEADERS,
      },
      topicId: TOPIC_ID,
      class: 'poison',
      reason: 'unknown_schema',
      error: new RecordDecodeError('unknown_schema', `The registry has no schema ${SCHEMA_ID}.`, SCHEMA_ID),
      schemaId: SCHEMA_ID,
      tenantId,
      attempts: 1,
    };
  }
}

/** As the client's partitioner has it, so that dead letters lie as close together as they do behind metrics-consumer. */
async function partitionsOfSeries(weir: BenchSystem): Promise<Map<string, number>> {
  const topic = await weir.createTopic();
  await weir.write({ count: SERIES, startMs: 0, into: topic });
  const records = await readAll(weir, topic);
  return new Map(records.map(({ key, partition }) => [String(key), partition]));
}

async function readAll({ running: { admin } }: BenchSystem, topic: string): Promise<ConsumedRecord[]> {
  const log = new LogReader(kafkaConnection(), { name: 'bench' });
  const all: ConsumedRecord[] = [];
  const marks = await admin.watermarks([topic]);
  const ranges = marks.map(({ partition, low, high }) => ({ topic, partition, from: low, to: high }));
  await log.readAll(ranges, (records) => void all.push(...records));
  await log.close();
  return all;
}

/** Weir with what dead letters take; stages in a row share it. */
export const recoveryAsDeployed = (): Promise<BenchRecovery> => BenchRecovery.start();
