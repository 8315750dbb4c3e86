import { createRequire } from 'node:module';
export class KafkaAdmin {
  constructor(private readonly c: { bootstrapServers: string }) {}
  async ensureTopics(defs: readonly { name: string; partitions: number }[]): Promise<void> {
    const { Kafka, logLevel } = createRequire('/work/main/packages/kafka/package.json')('kafkajs');
    const admin = new Kafka({ brokers: [this.c.bootstrapServers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({
      topics: defs.map((d) => ({ topic: d.name, numPartitions: d.partitions })),
      waitForLeaders: true,
    });
    await admin.disconnect();
  }
  async close(): Promise<void> {}
}
