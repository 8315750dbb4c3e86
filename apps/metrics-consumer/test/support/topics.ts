import {
  connectSchemaRegistry,
  type MetricEvent,
  MetricEventEncoder,
  SchemaVersion,
  type SchemaRegistryClient,
} from '@weir/avro';
import {
  BatchConsumer,
  type ConsumedRecord,
  type DeadLetterEnvelope,
  KafkaAdmin,
  type KafkaConnection,
  type OutgoingRecord,
  RecordProducer,
  TransactionalProducer,
} from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';
import { metricsDlq, metricsRaw, resolveTopics, type TopicDefinition } from '@weir/topics';

function connection(): KafkaConnection {
  return { bootstrapServers: engines().kafka.bootstrapServers, clientId: 'weir-test', securityProtocol: 'PLAINTEXT' };
}

/** A dead letter as a reader of `metrics.dlq` sees it. */
export interface ReadDeadLetter {
  readonly record: ConsumedRecord;
  readonly envelope: DeadLetterEnvelope;
}

/** `metrics.raw` and `metrics.dlq` of one test: written as producers do, read as operators do. */
export class TestTopics {
  readonly prefix = `${uniqueName('consumer')}.`;
  readonly topics = resolveTopics({ prefix: this.prefix });
  readonly raw = this.topics.name(metricsRaw);
  readonly admin = new KafkaAdmin(connection());
  private readonly registry: SchemaRegistryClient = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  private readonly encoder = new MetricEventEncoder(this.registry, {
    subject: 'metrics.raw-value',
    autoRegister: true,
  });
  private readonly letters: ReadDeadLetter[] = [];
  private readonly producer = new RecordProducer(connection(), {
    name: 'test',
    compression: 'lz4',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 200_000,
    maxQueuedBytes: 200_000_000,
  });
  private readonly reader = new BatchConsumer(connection(), {
    groupId: uniqueName('dlq-reader'),
    topics: [this.topics.name(metricsDlq)],
    handler: async (batch) => {
      for (const record of batch.records)
        this.letters.push({ record, envelope: JSON.parse(String(record.value)) as DeadLetterEnvelope });
    },
  });

  private constructor(private readonly partitions: number) {}

  static async create(partitions = 3): Promise<TestTopics> {
    const made = new TestTopics(partitions);
    await made.make(metricsRaw);
    await made.make(metricsDlq);
    for (const version of Object.values(SchemaVersion)) await made.encoder.ready(version);
    await made.producer.start();
    await made.reader.start();
    return made;
  }

  /** Makes a topic that is not there, in the shape of this test. */
  async make(topic: TopicDefinition): Promise<void> {
    const partitions = topic === metricsRaw ? this.partitions : 1;
    await this.admin.ensureTopics([{ ...this.topics.resolved(topic), partitions }]);
  }

  /** Deletes a topic with all that is in it, and waits until it is gone. */
  async remove(topic: TopicDefinition): Promise<void> {
    const name = this.topics.name(topic);
    await this.admin.deleteTopics([name]);
    await eventually(
      () => this.admin.listTopics(),
      (names) => !names.includes(name),
    );
  }

  /** The framed bytes of events. */
  encode(events: readonly MetricEvent[], version: SchemaVersion = SchemaVersion.V3): Buffer[] {
    return this.encoder.encode(events, version);
  }

  /** Resolves once the broker has them, in this order within each partition. */
  async send(records: readonly (Partial<OutgoingRecord> & { value: Buffer | null })[]): Promise<void> {
    await this.producer.send(records.map((record) => ({ topic: this.raw, key: null, ...record })));
  }

  /** Events in a transaction that stays open until what is answered is called: no read_committed reader gets past its first record. */
  async sendInOpenTransaction(events: readonly MetricEvent[], partition: number): Promise<() => Promise<void>> {
    const producer = new TransactionalProducer(connection(), {
      name: 'test',
      compression: 'lz4',
      transactionalId: uniqueName('tx'),
      transactionTimeoutMs: 60_000,
    });
    await producer.init();
    await producer.begin();
    await producer.send(this.encode(events).map((value) => ({ topic: this.raw, key: null, value, partition })));
    return async () => {
      const before = await this.endOf(partition);
      await producer.commit();
      await producer.close(1_000);
      // The coordinator answers before it has written the markers.
      await eventually(
        () => this.endOf(partition),
        (end) => end > before,
      );
    };
  }

  private async endOf(partition: number): Promise<number> {
    const marks = await this.admin.watermarks([this.raw]);
    return marks.find((mark) => mark.partition === partition)?.high ?? 0;
  }

  /** Events as ingest-api writes them; spread over the partitions unless one is given. */
  async sendEvents(events: readonly MetricEvent[], partition?: number): Promise<void> {
    await this.send(
      this.encode(events).map((value, i) => ({
        value,
        key: `k${i}`,
        ...(partition === undefined ? {} : { partition }),
      })),
    );
  }

  /** The dead letters, once there are so many; by offset of the records that they hold. */
  async deadLetters(count: number): Promise<readonly ReadDeadLetter[]> {
    const letters = await eventually(
      () => this.letters,
      (all) => all.length >= count,
    );
    return letters.toSorted((a, b) => a.envelope.source.offset - b.envelope.source.offset);
  }

  /** Dead letters seen so far. */
  get deadLetterCount(): number {
    return this.letters.length;
  }

  async close(): Promise<void> {
    await Promise.all([this.reader.stop(1_000), this.producer.close(1_000), this.admin.close()]);
  }
}
