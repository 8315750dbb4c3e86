import kafka, { type TopicPartitionOffsetSpec } from '@confluentinc/kafka-javascript';
import { classify } from '@weir/errors';
import type { TopicDefinition } from '@weir/topics';

import type { KafkaConnection } from '../../connection.js';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from '../../records.js';
import { adminError } from './admin-errors.js';
import { ConfigAdmin, type TopicSettings } from './config-admin.js';
import type {
  AdminObserver,
  ClusterDescription,
  GroupDescription,
  NewTopic,
  GroupPartitionLag,
  TopicWatermarks,
  TopicDescription,
} from './descriptions.js';
import { ensureTopics, type EnsureTopicsOptions, type TopicReport } from './ensure-topics.js';
import { toTopicDescription } from './from-native.js';
import { describeGroups } from './group-descriptions.js';
import { commitForGroup, committedOffsets, stableOffsets } from './group-offsets.js';
import { KafkajsAdmin } from './kafkajs-admin.js';
import { NativeAdmin } from './native-admin.js';
import { onceVisible } from './once-visible.js';
import { replicationFor } from './topic-shape.js';

export interface KafkaAdminOptions {
  /** Longest time for one request; 10 s unless given. */
  readonly timeoutMs?: number;
  readonly observer?: AdminObserver;
}

const { ERR_UNKNOWN_TOPIC_OR_PART } = kafka.CODES.ERRORS;

/**
 * Looks at and changes a cluster: topics, groups, offsets.
 *
 * It connects at the first call, and every failure is a KafkaAdminError: `kafka_unavailable` where no broker answers in time,
 * `topic_missing`, `topic_exists`, `group_active`, `kafka_authorization_failed`, `kafka_request_invalid`, else `kafka_admin_failed`.
 * The Confluent client does it, but for topics' settings, the list of groups, their members and all of their offsets, which kafkajs does.
 */
export class KafkaAdmin {
  readonly #connection: KafkaConnection;
  readonly #native: NativeAdmin;
  readonly #kafkajs: KafkajsAdmin;
  readonly #configs: ConfigAdmin;
  readonly #timeout: number;
  readonly #observer: AdminObserver;

  constructor(connection: KafkaConnection, { timeoutMs = 10_000, observer = {} }: KafkaAdminOptions = {}) {
    this.#connection = connection;
    this.#native = new NativeAdmin(connection, timeoutMs);
    this.#kafkajs = new KafkajsAdmin(connection, timeoutMs);
    this.#configs = new ConfigAdmin(this.#kafkajs);
    this.#timeout = timeoutMs;
    this.#observer = observer;
  }

  /** A real round trip: what is alive, and which topics there are. */
  ping(timeoutMs = this.#timeout): Promise<ClusterDescription> {
    return this.#counted('ping', async () => {
      const { brokers, topics } = await this.#native.metadata(timeoutMs);
      return { brokerCount: brokers.length, topics: topics.map((t) => t.name).toSorted() };
    });
  }

  async listTopics(): Promise<string[]> {
    return [...(await this.ping()).topics];
  }

  /** Topics that are not there are left out. */
  describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    return this.#counted('describe_topics', async () => {
      if (names.length === 0) return [];
      const described = await this.#native.call<Parameters<typeof toTopicDescription>[0][]>(
        'describe topics',
        (client, done) => client.describeTopics([...names], { timeout: this.#timeout }, done),
      );
      return described.flatMap((description) => {
        if (description.error === undefined) return [toTopicDescription(description)];
        if (description.error.code === ERR_UNKNOWN_TOPIC_OR_PART) return [];
        throw adminError(`describe topic ${description.name}`, description.error);
      });
    });
  }

  /** `exists` where someone else was quicker: the topic is then as they made it. */
  createTopic({ name, partitions, replicationFactor, config = {} }: NewTopic): Promise<'created' | 'exists'> {
    return this.#counted('create_topic', async () => {
      const replicas = replicationFactor ?? replicationFor((await this.#native.metadata(this.#timeout)).brokers.length);
      const topic = { topic: name, num_partitions: partitions, replication_factor: replicas, config: { ...config } };
      try {
        await this.#native.call<void>(`create topic ${name}`, (client, done) =>
          client.createTopic(topic, this.#timeout, (error) => done(error, undefined)),
        );
        return 'created';
      } catch (error) {
        const known = adminError('create topic', error);
        if (known.code === 'topic_exists') return 'exists';
        throw known;
      }
    });
  }

  /** Rejects (`topic_missing`) at the first that is not there; those before it are gone. */
  deleteTopics(names: readonly string[]): Promise<void> {
    return this.#counted('delete_topics', async () => {
      for (const name of names)
        await this.#native.call<void>(`delete topic ${name}`, (client, done) =>
          client.deleteTopic(name, this.#timeout, (error) => done(error, undefined)),
        );
    });
  }

  /** Grows a topic to `total` partitions. Keys then go elsewhere than before. */
  createPartitions(name: string, total: number): Promise<void> {
    return this.#counted('create_partitions', () =>
      this.#native.call<void>(`create partitions of ${name}`, (client, done) =>
        client.createPartitions(name, total, this.#timeout, (error) => done(error, undefined)),
      ),
    );
  }

  describeConfigs(names: readonly string[]): Promise<Map<string, TopicSettings>> {
    return this.#counted('describe_configs', () => this.#configs.describe(names));
  }

  /** Sets settings of a topic, or with null takes them back to the default. What is not named stays. */
  alterConfigs(name: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    return this.#counted('alter_configs', () => this.#configs.alter(name, changes));
  }

  /**
   * Makes the topics that are missing, and reports what is not as the registry wants it; never alters a topic that is there.
   *
   * Several services may do this at the same moment. Rejects only where the cluster cannot be asked; a topic that cannot be made
   * is reported as `missing`. Give definitions under the installation's names (`Topics.resolved`).
   */
  ensureTopics(definitions: readonly TopicDefinition[], options: EnsureTopicsOptions = {}): Promise<TopicReport[]> {
    return this.#counted('ensure_topics', () => ensureTopics(this, definitions, options));
  }

  listGroups(): Promise<string[]> {
    return this.#counted('list_groups', async () => {
      // By kafkajs: the Confluent client answers that there are none where no broker answers in time.
      const { groups } = await this.#kafkajs.call('list groups', (admin) => admin.listGroups());
      return groups.map((group) => group.groupId).toSorted();
    });
  }

  /** A group that does not exist is `dead`, as Kafka sees it. */
  describeGroups(groupIds: readonly string[]): Promise<GroupDescription[]> {
    return this.#counted('describe_groups', () =>
      this.#kafkajs.call('describe groups', (admin) => describeGroups(admin, groupIds)),
    );
  }

  /** What the group has committed of every topic, as it is now. */
  offsets(groupId: string): Promise<TopicPartitionOffset[]> {
    return this.#counted('group_offsets', () =>
      this.#kafkajs.call(`offsets of ${groupId}`, (admin) => committedOffsets(admin, groupId)),
    );
  }

  /** As `offsets`, of many groups; one that does not tell them is left out. */
  offsetsOf(groupIds: readonly string[]): Promise<ReadonlyMap<string, readonly TopicPartitionOffset[]>> {
    return this.#counted('groups_offsets', () =>
      this.#kafkajs.call('offsets of groups', async (admin) => {
        const told = groupIds.map(async (groupId) => [groupId, await committedOffsets(admin, groupId)] as const);
        const settled = await Promise.allSettled(told);
        return new Map(settled.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
      }),
    );
  }

  /**
   * What the group has committed of these topics. Offsets that a transaction is about to commit are waited for; rejects
   * (`offsets_unstable`) where its end does not come in time. Answers also while a broker stands still that is not the group's coordinator.
   */
  stableOffsets(groupId: string, topics: readonly string[]): Promise<TopicPartitionOffset[]> {
    return this.#counted('stable_offsets', async () => {
      const partitions = await this.#partitionsOf(topics);
      try {
        return await stableOffsets(this.#connection, groupId, partitions, this.#timeout);
      } catch (error) {
        throw adminError(`offsets of ${groupId}`, error);
      }
    });
  }

  /** Moves a group that has no members. Rejects (`group_active`) where it has. */
  setOffsets(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#counted('set_offsets', async () => {
      try {
        await commitForGroup(this.#connection, groupId, offsets, this.#timeout);
      } catch (error) {
        throw adminError(`set offsets of ${groupId}`, error);
      }
    });
  }

  /** Of every partition of the topics; those of topics that are not there are left out. */
  watermarks(topics: readonly string[]): Promise<TopicWatermarks[]> {
    return this.#askedOf('watermarks', topics, async (partitions) => {
      const [low, high] = await Promise.all([
        this.#listOffsets(partitions, kafka.OffsetSpec.EARLIEST),
        this.#listOffsets(partitions, kafka.OffsetSpec.LATEST),
      ]);
      return partitions.map((at) => ({
        ...at,
        low: low.get(partitionKey(at)) ?? 0,
        high: high.get(partitionKey(at)) ?? 0,
      }));
    });
  }

  /** Of every partition of the topics: the first offset that was stamped at or after the time (epoch milliseconds); the end where there is none. */
  offsetsAt(topics: readonly string[], timeMs: number): Promise<TopicPartitionOffset[]> {
    return this.#askedOf('offsets_at', topics, async (partitions) => {
      const [at, end] = await Promise.all([
        this.#listOffsets(partitions, new kafka.OffsetSpec(Math.max(0, timeMs))),
        this.#listOffsets(partitions, kafka.OffsetSpec.LATEST),
      ]);
      return partitions.map((each) => {
        const offset = at.get(partitionKey(each)) ?? -1;
        return { ...each, offset: offset < 0 ? (end.get(partitionKey(each)) ?? 0) : offset };
      });
    });
  }

  /** How far a group is behind, for what it has committed or for all partitions of the named topics. */
  lag(groupId: string, topics?: readonly string[]): Promise<GroupPartitionLag[]> {
    return this.#counted('lag', async () => {
      const offsets = await (topics === undefined ? this.offsets(groupId) : this.stableOffsets(groupId, topics));
      const committedAt = new Map(offsets.map((at) => [partitionKey(at), at.offset]));
      const marks = await this.watermarks(topics ?? [...new Set(offsets.map((at) => at.topic))]);
      return marks
        .filter((mark) => topics !== undefined || committedAt.has(partitionKey(mark)))
        .map((mark) => {
          const committed = committedAt.get(partitionKey(mark)) ?? null;
          return { ...mark, committed, lag: Math.max(0, mark.high - Math.max(committed ?? 0, mark.low)) };
        });
    });
  }

  /** Deletes what lies before the offsets, for good. */
  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#counted('delete_records', async () => {
      const results = await this.#native.call<{ error?: unknown }[]>('delete records', (client, done) =>
        client.deleteRecords([...before], { timeout: this.#timeout }, done),
      );
      const failed = results.find((result) => result.error !== undefined);
      if (failed !== undefined) throw adminError('delete records', failed.error);
    });
  }

  close(): Promise<void> {
    return this.#native.close();
  }

  /** Of those that are there; where one goes meanwhile, the others are asked for once more. */
  #askedOf<T>(
    operation: string,
    topics: readonly string[],
    ask: (partitions: readonly TopicPartition[]) => Promise<T>,
  ): Promise<T> {
    return this.#counted(operation, () => onceVisible(async () => ask(await this.#partitionsOf(topics))));
  }

  async #partitionsOf(topics: readonly string[]): Promise<TopicPartition[]> {
    return (await this.describeTopics(topics)).flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => ({ topic: name, partition })),
    );
  }

  async #listOffsets(
    partitions: readonly TopicPartition[],
    offset: TopicPartitionOffsetSpec['offset'],
  ): Promise<Map<string, number>> {
    if (partitions.length === 0) return new Map();
    const asked = partitions.map((at) => ({ ...at, offset }));
    const answers = await this.#native.call<(TopicPartitionOffset & { error?: unknown })[]>(
      'list offsets',
      (client, done) => client.listOffsets(asked, { timeout: this.#timeout }, done),
    );
    const failed = answers.find((answer) => answer.error !== undefined);
    if (failed !== undefined) throw adminError(`list offsets of ${failed.topic}`, failed.error);
    return new Map(answers.map((answer) => [partitionKey(answer), answer.offset]));
  }

  async #counted<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work();
      this.#observer.operation?.(name, 'success');
      return answer;
    } catch (error) {
      this.#observer.operation?.(name, 'failure', classify(error).code);
      throw error;
    }
  }
}
