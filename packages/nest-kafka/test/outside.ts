import { engines, eventually } from '@weir/testing';
import { type Admin, ConfigResourceTypes, Kafka, logLevel, Partitioners } from 'kafkajs';

export interface Shape {
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

const SETTINGS = [
  'cleanup.policy',
  'retention.ms',
  'message.timestamp.type',
  'max.message.bytes',
  'min.insync.replicas',
];

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

const entriesOf = (settings: Shape['settings']): { name: string; value: string }[] =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));

/** Makes a topic, of one partition unless given, and answers its name. */
export async function createTopic(
  topic: string,
  { partitions = 1, settings = {} }: Partial<Shape> = {},
): Promise<string> {
  const made = { topic, numPartitions: partitions, configEntries: entriesOf(settings) };
  await withAdmin((admin) => admin.createTopics({ topics: [made], waitForLeaders: true }));
  return topic;
}

/** Gives a topic these settings and as many partitions. */
export async function changeTopic(topic: string, { partitions, settings }: Shape): Promise<void> {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: entriesOf(settings) };
  await withAdmin(async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
    await admin.alterConfigs({ validateOnly: false, resources: [resource] });
  });
}

/** Resolves once the brokers know it no more. */
export async function deleteTopic(topic: string): Promise<void> {
  await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
  await eventually(topicNames, (names) => !names.includes(topic));
}

export async function topicNames(): Promise<string[]> {
  return withAdmin((admin) => admin.listTopics());
}

export async function shapeOf(topic: string): Promise<Shape> {
  return withAdmin(async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: SETTINGS }],
    });
    const settings: Record<string, string> = {};
    for (const { configName, configValue } of resources[0]?.configEntries ?? []) settings[configName] = configValue;
    return { partitions: topics[0]?.partitions.length ?? 0, settings };
  });
}

/** The group's committed offset in partition 0, or -1. */
export async function groupOffset(groupId: string, topic: string): Promise<number> {
  const [answer] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return Number(answer?.partitions[0]?.offset ?? -1);
}

export async function sendTo(topic: string, value: string): Promise<void> {
  const brokers = engines().kafka.bootstrapServers.split(',');
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
}
