import { createHash, randomUUID } from 'node:crypto';

import {
  connectSchemaRegistry,
  type ReplayChunk,
  replayChunkEncoder,
  type ReplayEvent,
  replayEventDecoder,
  type ReplayRecord,
} from '@weir/avro';
import { RecordDecodeError, ValidationError } from '@weir/errors';
import {
  type ConsumedRecord,
  type DeadLetter,
  DeadLetterPublisher,
  KafkaAdmin,
  type KafkaConnection,
  LogReader,
  ORIGIN_HEADER,
  RecordProducer,
} from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';
import {
  dlqReplayCommands,
  dlqReplayEvents,
  metricsDlq,
  metricsRaw,
  resolveTopics,
  type TopicDefinition,
} from '@weir/topics';

export const connectionTo = (bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection => ({
  bootstrapServers,
  clientId: 'weir-test',
  securityProtocol: 'PLAINTEXT',
});

const GROUP = 'metrics-consumer';
const TOPIC_ID = randomUUID();

/** The topics of one test: dead letters and commands written as metrics-consumer and admin-service do, answers read as the latter does. */
export class ReplayTopics {
  readonly prefix = `${uniqueName('replay')}.`;
  readonly names = resolveTopics({ prefix: this.prefix });
  readonly raw = this.names.name(metricsRaw);
  readonly dlq = this.names.name(metricsDlq);
  readonly commands = this.names.name(dlqReplayCommands);
  readonly events = this.names.name(dlqReplayEvents);
  readonly admin = new KafkaAdmin(connectionTo());
  private readonly log = new LogReader(connectionTo(), { name: 'test', patienceMs: 20_000 });
  private readonly registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  private readonly encoder = replayChunkEncoder(this.registry, { autoRegister: true });
  private readonly decoder = replayEventDecoder(this.registry);
  private readonly producer = new RecordProducer(connectionTo(), {
    name: 'test',
    compression: 'lz4',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxMessageBytes: metricsDlq.maxMessageBytes,
    maxQueuedRecords: 100_000,
    maxQueuedBytes: 200_000_000,
  });
  private letters = 0;

  static async create({ partitions = 1, rawPartitions = 3, dlqPartitions = 2 } = {}): Promise<ReplayTopics> {
    const made = new ReplayTopics();
    const make = (topic: TopicDefinition, count: number): TopicDefinition => ({
      ...made.names.resolved(topic),
      partitions: count,
    });
    await made.admin.ensureTopics([
      make(metricsRaw, rawPartitions),
      make(metricsDlq, dlqPartitions),
      make(dlqReplayCommands, partitions),
      make(dlqReplayEvents, partitions),
    ]);
    await made.producer.start();
    await made.encoder.ready();
    return made;
  }

  /** Dead letters of such records, as the plan of a replay would name them; each is spread over the DLQ by its key. */
  async deadLetters(records: readonly Partial<ConsumedRecord>[]): Promise<ReplayRecord[]> {
    const before = await this.all(this.dlq);
    const publisher = new DeadLetterPublisher(this.producer, { topic: this.dlq, group: GROUP, serviceVersion: '1' });
    const letters = records.map((record) => this.letter(record));
    await publisher.publish(letters);
    const written = (await this.all(this.dlq)).filter(
      ({ partition, offset }) => !before.some((known) => known.partition === partition && known.offset === offset),
    );
    const found = new Map(written.map((record) => [headerOf(record, ORIGIN_HEADER) ?? '', record]));
    return letters.map(({ record }) => {
      const identity = headerOf(record, ORIGIN_HEADER) ?? `${TOPIC_ID}/${record.partition}/${record.offset}/${GROUP}`;
      const { partition, offset, value } = found.get(identity) ?? { partition: -1, offset: -1, value: null };
      return {
        dlq_partition: partition,
        dlq_offset: offset,
        value_sha256: sha256(value),
        identity,
        replay_count: 1,
      };
    });
  }

  /** Puts bytes where a dead letter should be. */
  async putDeadLetter(value: Buffer, partition: number): Promise<void> {
    await this.producer.send([{ topic: this.dlq, partition, key: null, value }]);
  }

  /** Many small ones, each with its number as key and value. */
  numbered(count: number, from = 0): Promise<ReplayRecord[]> {
    return this.deadLetters(
      Array.from({ length: count }, (_, i) => ({
        key: Buffer.from(`k${from + i}`),
        value: Buffer.from(`v${from + i}`),
      })),
    );
  }

  /** Publishes commands, in order. */
  async issue(chunks: readonly ReplayChunk[], partition = 0): Promise<void> {
    const values = this.encoder.encode(chunks);
    await this.producer.send(
      chunks.map((chunk, i) => ({
        topic: this.commands,
        partition,
        key: chunk.replay_id,
        value: values[i] ?? null,
      })),
    );
  }

  /** Puts bytes where a command should be. */
  async issueBytes(value: Buffer | null, partition = 0): Promise<void> {
    await this.producer.send([{ topic: this.commands, partition, key: null, value }]);
  }

  /** What a read_committed reader sees of a topic, once nothing in it is open. */
  async all(topic: string): Promise<ConsumedRecord[]> {
    const records: ConsumedRecord[] = [];
    for (const { partition, low, high } of await this.admin.watermarks([topic]))
      await this.log.read({ topic, partition, from: low, to: high }, (batch) => void records.push(...batch));
    return records;
  }

  async answers(): Promise<(ReplayEvent & { readonly partition: number })[]> {
    const records = await this.all(this.events);
    await this.decoder.prepare(records.map(({ value }) => value));
    return records.map(({ value, partition }) => {
      const event = this.decoder.decode(value ?? Buffer.alloc(0));
      if (event instanceof RecordDecodeError) throw event;
      return { ...event, partition };
    });
  }

  /** How many answers to single records there are. */
  async answerCount(): Promise<number> {
    return (await this.answers()).reduce((sum, { answer }) => sum + (answer?.records.length ?? 0), 0);
  }

  /** Answers once there are so many to single records. */
  async answered(records: number, timeoutMs = 60_000): Promise<readonly ReplayEvent[]> {
    await eventually(
      () => this.answerCount(),
      (count) => count >= records,
      { timeoutMs, intervalMs: 200 },
    );
    return this.answers();
  }

  /** Offsets of the group in the commands topic; -1 where there is none. */
  async committed(group: string): Promise<number[]> {
    const offsets: number[] = [];
    for (const { partition, offset } of await this.admin.stableOffsets(group, [this.commands]))
      offsets[partition] = offset;
    return [...offsets].map((offset) => offset ?? -1);
  }

  async close(): Promise<void> {
    await Promise.all([this.log.close(), this.producer.close(1_000), this.admin.close()]);
  }

  private letter(record: Partial<ConsumedRecord>): DeadLetter {
    this.letters += 1;
    return {
      record: {
        topic: this.raw,
        partition: 0,
        offset: this.letters,
        timestampMs: 1_795_000_000_000 + this.letters,
        key: null,
        value: null,
        headers: [],
        ...record,
      },
      topicId: TOPIC_ID,
      class: 'invalid',
      reason: 'name',
      error: new ValidationError('name', 'a test'),
      schemaId: null,
      tenantId: 'acme',
      attempts: 1,
    };
  }
}

export const sha256 = (value: Buffer | null): string =>
  createHash('sha256')
    .update(value ?? '')
    .digest('hex');

export const headerOf = ({ headers }: Pick<ConsumedRecord, 'headers'>, name: string): string | null =>
  headers.findLast(({ key }) => key === name)?.value?.toString() ?? null;

/** A chunk that is issued now and has an hour. */
export const chunkOf = (records: readonly ReplayRecord[], more: Partial<ReplayChunk> = {}): ReplayChunk => ({
  replay_id: 'r1',
  chunk: 0,
  issued_at: Date.now(),
  deadline: Date.now() + 3_600_000,
  max_attempts: 5,
  records,
  ...more,
});

/** Chunks of a replay, of so many records each. */
export function chunksOf(
  records: readonly ReplayRecord[],
  size: number,
  more: Partial<ReplayChunk> = {},
): ReplayChunk[] {
  return Array.from({ length: Math.ceil(records.length / size) }, (_, chunk) =>
    chunkOf(records.slice(chunk * size, (chunk + 1) * size), { chunk, ...more }),
  );
}
