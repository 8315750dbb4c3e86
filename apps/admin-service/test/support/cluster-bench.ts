import type { KafkaConnection, OutgoingRecord } from '@weir/kafka';
import { RecordProducer } from '@weir/kafka';
import { engines, uniqueName } from '@weir/testing';

import { AdminApp, type Asked } from './admin-app.js';

export type Body = Record<string, unknown>;

export const itemsOf = (page: Body): Body[] => page['items'] as Body[];
export const messagesOf = (page: Body): Body[] => page['messages'] as Body[];

export const connection = (): KafkaConnection => ({
  bootstrapServers: engines().kafka.bootstrapServers,
  clientId: 'admin-kafka-test',
  securityProtocol: 'PLAINTEXT',
});

/** admin-service beside a topic that is none of Weir's, with four partitions. */
export class ClusterBench {
  readonly topic = uniqueName('foreign');
  private readonly keys = new Map<string, string>();
  private readonly producer = new RecordProducer(connection(), {
    name: 'test',
    compression: 'lz4',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 10_000,
    maxQueuedBytes: 50_000_000,
    maxMessageBytes: 3_000_000,
  });

  private constructor(readonly admin: AdminApp) {}

  static async start(): Promise<ClusterBench> {
    const bench = new ClusterBench(await AdminApp.start());
    await bench.producer.start();
    for (const role of ['viewer', 'operator']) bench.keys.set(role, (await bench.admin.operator(role)).key);
    const config = { 'max.message.bytes': '3000000' };
    await bench.admin.kafka.createTopic({ name: bench.topic, partitions: 4, config });
    return bench;
  }

  /** A call with the key of such an operator. */
  as(role: 'viewer' | 'operator'): Asked {
    return { key: this.keys.get(role) ?? null };
  }

  /** Into the first partition unless another is named. */
  async send(records: readonly Partial<OutgoingRecord>[]): Promise<void> {
    await this.producer.send(
      records.map((record) => ({ topic: this.topic, partition: 0, key: null, value: null, ...record })),
    );
  }

  /** Page by page: other tests leave much on the brokers. */
  async everyItem(path: string): Promise<Body[]> {
    const items: Body[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Body = await this.admin.done('GET', `${path}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      items.push(...itemsOf(page));
      cursor = page['nextCursor'] as string | null;
    }
    return items;
  }

  async close(): Promise<void> {
    await this.producer.close(1_000);
    await this.admin.kafka.deleteTopics([this.topic]);
    await this.admin.close();
  }
}
