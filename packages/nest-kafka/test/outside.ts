import { engines } from '@weir/testing';
import { type Admin, Kafka, logLevel } from 'kafkajs';

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const brokers = engines().kafka.bootstrapServers.split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes a topic of one partition and answers its name. */
export async function createTopic(topic: string): Promise<string> {
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }));
  return topic;
}

/** The group's committed offset in partition 0, or -1. */
export async function groupOffset(groupId: string, topic: string): Promise<number> {
  const [answer] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return Number(answer?.partitions[0]?.offset ?? -1);
}
