import { engines, eventually, uniqueName } from '@weir/testing';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

import { clientSettings } from '../src/clients/client-settings.js';
import { NativeClient } from '../src/clients/consumer/native-client.js';
import { BatchConsumer, type BatchConsumerOptions, type ConsumedRecord, type KafkaConnection } from '../src/index.js';

/** The test run's broker, as the packages are told of one. */
export function connection(bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection {
  return {
    bootstrapServers,
    clientId: 'weir-test',
    securityProtocol: 'PLAINTEXT',
  };
}

/** Another client than the one under test, to arrange and to look from outside. */
export class Outside {
  private readonly kafka = new Kafka({
    brokers: engines().kafka.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: 30_000, // past it a record is sent once more, and is there twice
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
    await this.admin.createTopics({ topics: [{ topic: name, numPartitions: partitions }], waitForLeaders: false });
    await eventually(
      () => this.admin.fetchTopicMetadata({ topics: [name] }),
      ({ topics }) =>
        topics.every((topic) => topic.partitions.length === partitions && topic.partitions.every((p) => p.leader >= 0)),
    );
    return name;
  }

  async send(
    topic: string,
    partition: number,
    texts: readonly (string | null)[],
    { timeMs, headers = {} }: { readonly timeMs?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    const timestamp = timeMs === undefined ? {} : { timestamp: String(timeMs) };
    await this.producer.send({
      topic,
      messages: texts.map((value) => ({ partition, value, key: null, headers, ...timestamp })),
    });
  }

  /** Resolves once the records and the marker of the transaction's end are in the log. */
  async sendInTransaction(topic: string, partition: number, texts: readonly string[], commit: boolean): Promise<void> {
    // A broker may not know yet that it leads a topic that was just made.
    const before = await eventually(
      () => this.end(topic, partition),
      (end) => end >= 0,
    );
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
    // The coordinator answers before it has written the markers.
    await eventually(async () => (await this.end(topic, partition)) === before + texts.length + 1);
  }

  private async end(topic: string, partition: number): Promise<number> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    return Number(offsets.find((at) => at.partition === partition)?.high ?? -1);
  }

  /** The committed offset of each partition, -1 where there is none. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets: number[] = [];
    for (const { partition, offset } of answer?.partitions ?? []) offsets[partition] = Number(offset);
    return offsets;
  }

  /** As a member that is there no more has left it. */
  async commit(groupId: string, topic: string, partition: number, offset: number): Promise<void> {
    const client = new NativeClient(
      { ...clientSettings(connection()), 'group.id': groupId },
      { rebalance: () => undefined, error: () => undefined, readable: () => undefined },
    );
    await client.connect(30_000);
    const committing = { done: false };
    const committed = client.commit([{ topic, partition, offset }]).finally(() => (committing.done = true));
    while (!committing.done) await client.consume(1);
    await committed;
    await client.close();
  }

  async members(groupId: string): Promise<number> {
    const { groups } = await this.admin.describeGroups([groupId]);
    return groups[0]?.members.length ?? 0;
  }
}

export type Options = Partial<BatchConsumerOptions> &
  Pick<BatchConsumerOptions, 'topics'> & {
    /** Another address of the broker. */
    readonly bootstrapServers?: string;
  };

/** Quick time-outs, a group of its own, and a list of what was handled. */
export function startConsumer(options: Options): {
  consumer: BatchConsumer;
  groupId: string;
  handled: ConsumedRecord[];
} {
  const groupId = options.groupId ?? uniqueName('group');
  const handled: ConsumedRecord[] = [];
  const consumer = new BatchConsumer(connection(options.bootstrapServers), {
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

/** The consumers of one test file, stopped after each test. */
export class Started {
  private consumers: BatchConsumer[] = [];

  start(options: Options): ReturnType<typeof startConsumer> {
    const running = startConsumer(options);
    this.consumers.push(running.consumer);
    return running;
  }

  async stop(): Promise<void> {
    await Promise.all(this.consumers.splice(0).map((consumer) => consumer.stop(1_000)));
  }
}

/** A part of a client that nobody outside can see, for the few conditions that show nowhere else. */
export function inside(client: object, ...path: readonly string[]): object {
  return path.reduce<object>((part, name) => {
    const next: unknown = Reflect.get(part, name);
    if (typeof next !== 'object' || next === null) throw new Error(`there is no ${name}`);
    return next;
  }, client);
}

/** A promise that somebody else settles. */
export function signal(): { promise: Promise<void>; give: () => void } {
  const settle: { give?: () => void } = {};
  const promise = new Promise<void>((resolve) => {
    settle.give = resolve;
  });
  return { promise, give: () => settle.give?.() };
}
