import { engines, uniqueName } from '@weir/testing';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

import { BatchConsumer, type BatchConsumerOptions, type ConsumedRecord, type KafkaConnection } from '../src/index.js';

/** The test run's broker, as the packages are told of one. */
export function connection(): KafkaConnection {
  return {
    bootstrapServers: engines().kafka.bootstrapServers,
    clientId: 'weir-test',
    securityProtocol: 'PLAINTEXT',
  };
}

/** Another client than the one under test, to arrange and to look from outside. */
export class Outside {
  private readonly kafka = new Kafka({
    brokers: engines().kafka.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: 5_000,
  });
  private readonly admin = this.kafka.admin();
  private readonly producer = this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });

  async connect(): Promise<void> {
    await Promise.all([this.admin.connect(), this.producer.connect()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
  }

  async topic(partitions = 1, name = uniqueName('consumer')): Promise<string> {
    await this.admin.createTopics({ topics: [{ topic: name, numPartitions: partitions }], waitForLeaders: true });
    return name;
  }

  async send(topic: string, partition: number, texts: readonly (string | null)[]): Promise<void> {
    await this.producer.send({ topic, messages: texts.map((value) => ({ partition, value, key: null })) });
  }

  async sendInTransaction(topic: string, partition: number, texts: readonly string[], commit: boolean): Promise<void> {
    const producer = this.kafka.producer({
      transactionalId: uniqueName('tx'),
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: texts.map((value) => ({ partition, value })) });
    await (commit ? transaction.commit() : transaction.abort());
    await producer.disconnect();
  }

  /** The committed offset of each partition, -1 where there is none. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets: number[] = [];
    for (const { partition, offset } of answer?.partitions ?? []) offsets[partition] = Number(offset);
    return offsets;
  }

  async commit(groupId: string, topic: string, partition: number, offset: number): Promise<void> {
    await this.admin.setOffsets({ groupId, topic, partitions: [{ partition, offset: String(offset) }] });
  }

  async members(groupId: string): Promise<number> {
    const { groups } = await this.admin.describeGroups([groupId]);
    return groups[0]?.members.length ?? 0;
  }
}

export type Options = Partial<BatchConsumerOptions> & Pick<BatchConsumerOptions, 'topics'>;

/** Quick time-outs, a group of its own, and a list of what was handled. */
export function startConsumer(options: Options): {
  consumer: BatchConsumer;
  groupId: string;
  handled: ConsumedRecord[];
} {
  const groupId = options.groupId ?? uniqueName('group');
  const handled: ConsumedRecord[] = [];
  const consumer = new BatchConsumer(connection(), {
    groupId,
    sessionTimeoutMs: 6_000,
    maxPollIntervalMs: 6_500,
    revokeTimeoutMs: 2_000,
    metadataRefreshMs: 500,
    lagIntervalMs: 250,
    backoff: { minMs: 20, maxMs: 100 },
    handler: (batch) => {
      handled.push(...batch.records);
      return Promise.resolve();
    },
    ...options,
  });
  void consumer.start();
  return { consumer, groupId, handled };
}

export function values(records: readonly ConsumedRecord[]): (string | null)[] {
  return records.map((record) => record.value?.toString() ?? null);
}

export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i));
}
