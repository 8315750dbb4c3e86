import { connectSchemaRegistry } from '@weir/avro';
import {
  kafkaConfig,
  kafkaVariables,
  parseEnvironment,
  schemaRegistryConfig,
  schemaRegistryVariables,
} from '@weir/config';
import { classify } from '@weir/errors';
import {
  type ConsumedRecord,
  KafkaAdmin,
  LogReader,
  partitionKey,
  type TopicReport,
  type TopicWatermarks,
} from '@weir/kafka';
import { allTopics, resolveTopics, type TopicDefinition } from '@weir/topics';

import type { Group, GroupDetail, GroupPartition, Messages, Topic, TopicDetail } from '../api/answers.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { Failure, UsageFailure } from '../failures.js';
import type { Cluster, EnsuredTopics, PeekRequest } from './cluster.js';
import { type FindSchema, messageOfRecord } from './decoding.js';

const REQUEST_TIMEOUT_MS = 10_000;
/** How long a partition may bring nothing before what was read is shown. */
const PATIENCE_MS = 3_000;
/** Offsets without a record that may lie before the next one. */
const STRETCH = 50;

/** By `KAFKA_*` and `SCHEMA_REGISTRY_*`, else by the local stack. Throws UsageFailure, or ConfigurationError with every problem. */
export function openCluster({ settings, signal }: Context): Cluster {
  const { environment, stack } = settings;
  const names = allTopics.map(({ name }) => name);
  const env = {
    ...environment,
    KAFKA_BOOTSTRAP_SERVERS: environment['KAFKA_BOOTSTRAP_SERVERS'] ?? stack?.bootstrapServers ?? undefined,
    SCHEMA_REGISTRY_URL: environment['SCHEMA_REGISTRY_URL'] ?? stack?.schemaRegistryUrl ?? undefined,
    KAFKA_ENABLED: undefined,
  };
  if (env.KAFKA_BOOTSTRAP_SERVERS === undefined)
    throw new UsageFailure(
      'Where the brokers are, is not known: give KAFKA_BOOTSTRAP_SERVERS, or run weir where a local stack runs (npm start).',
    );
  const { connection, topicPrefix, topicOverrides } = kafkaConfig(
    parseEnvironment(kafkaVariables('weir', names), env),
    names,
  );
  const topics = resolveTopics({ prefix: topicPrefix, overrides: topicOverrides });
  const definitions = topics.all.map((definition) => ({
    name: definition.name,
    resolved: topics.resolved(definition),
  }));
  const find =
    env.SCHEMA_REGISTRY_URL === undefined
      ? null
      : schemasOf(schemaRegistryConfig(parseEnvironment(schemaRegistryVariables, env)));
  return new DirectCluster(
    new KafkaAdmin(connection, { timeoutMs: REQUEST_TIMEOUT_MS }),
    new LogReader(connection, { name: 'peek', patienceMs: PATIENCE_MS }),
    definitions,
    find,
    signal,
  );
}

/** A registry that is away costs what is decoded and nothing else. */
function schemasOf(connection: Parameters<typeof connectSchemaRegistry>[0]): FindSchema {
  const registry = connectSchemaRegistry(connection);
  return (id) => registry.schemaById(id).catch(() => null);
}

interface OwnTopic {
  /** The registry's name, and the definition under the name on the brokers. */
  readonly name: string;
  readonly resolved: TopicDefinition;
}

class DirectCluster implements Cluster {
  constructor(
    private readonly admin: KafkaAdmin,
    private readonly log: LogReader,
    private readonly own: readonly OwnTopic[],
    private readonly findSchema: FindSchema | null,
    private readonly signal: AbortSignal,
  ) {}

  async topics(all: boolean): Promise<Topic[]> {
    const there = all ? (await this.admin.listTopics()).filter((name) => !name.startsWith('__')) : [];
    return this.describe([...new Set([...this.own.map(({ resolved }) => resolved.name), ...there])].toSorted());
  }

  async topic(name: string): Promise<TopicDetail> {
    const [[topic], [description], marks] = await Promise.all([
      this.describe([name]),
      this.admin.describeTopics([name]),
      this.admin.watermarks([name]),
    ]);
    const definition = this.own.find(({ resolved }) => resolved.name === name)?.resolved;
    if (topic === undefined || (description === undefined && definition === undefined)) throw noTopic(name);
    const configs = description === undefined ? null : await this.admin.describeConfigs([name]);
    return {
      ...topic,
      why: definition?.why ?? null,
      writtenBy: definition?.writtenBy ?? [],
      readBy: definition?.readBy ?? [],
      partitionDetails: (description?.partitions ?? []).map((partition) => {
        const { low = 0, high = 0 } = marks.find((mark) => mark.partition === partition.partition) ?? {};
        return { ...partition, low, high };
      }),
      settings: Object.fromEntries(configs?.get(name) ?? []),
    };
  }

  async ensureTopics(): Promise<EnsuredTopics> {
    const reports = await this.admin.ensureTopics(this.own.map(({ resolved }) => resolved));
    const having = (status: TopicReport['status']): TopicReport[] =>
      reports.filter((report) => report.status === status);
    return {
      created: having('created').map(({ name }) => name),
      missing: having('missing').map(({ name, problem }) => ({ name, problem })),
      drifted: having('drift').map(({ name, drift }) => ({ name, drift })),
    };
  }

  async groups(): Promise<Group[]> {
    const ids = await this.admin.listGroups();
    const [described, offsets] = await Promise.all([this.admin.describeGroups(ids), this.admin.offsetsOf(ids)]);
    const topics = new Set([...offsets.values()].flatMap((committed) => committed.map(({ topic }) => topic)));
    const marks = new Map((await this.admin.watermarks([...topics])).map((mark) => [partitionKey(mark), mark]));
    return described.map(({ groupId, state, members }) => {
      const lag = offsets.get(groupId)?.reduce((sum, at) => {
        const { low, high } = marks.get(partitionKey(at)) ?? { low: 0, high: 0 };
        return sum + Math.max(0, high - Math.max(at.offset, low));
      }, 0);
      return { groupId, state, members: members.length, lag: lag ?? null };
    });
  }

  async group(groupId: string): Promise<GroupDetail> {
    const [[group], lags] = await Promise.all([this.admin.describeGroups([groupId]), this.admin.lag(groupId)]);
    if (group === undefined || (group.state === 'dead' && lags.length === 0))
      throw new Failure(
        EXIT.refused,
        `There is no consumer group ${groupId}: it has neither members nor committed offsets.`,
      );
    const memberOf = new Map(
      group.members.flatMap(({ memberId, assignment }) =>
        assignment.map((at) => [partitionKey(at), memberId] as const),
      ),
    );
    const partitions: GroupPartition[] = [];
    for (const { topic, partition, committed, high, lag, low } of lags.toSorted(byPlace)) {
      const behindMs =
        lag === 0 ? 0 : await this.behind({ topic, partition, from: Math.max(committed ?? low, low), high });
      partitions.push({
        topic,
        partition,
        committed,
        high,
        lag,
        behindMs,
        memberId: memberOf.get(partitionKey({ topic, partition })) ?? null,
      });
    }
    const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
    return { groupId, state: group.state, lag, members: group.members, partitions };
  }

  async messages({ topic, partition, limit, payload }: PeekRequest): Promise<Messages> {
    const mark = (await this.admin.watermarks([topic])).find((each) => each.partition === partition);
    if (mark === undefined) throw noTopic(`${topic}[${partition}]`);
    const records: ConsumedRecord[] = [];
    const heldBack = await this.read(
      { topic, partition, from: Math.max(mark.low, mark.high - limit), to: mark.high },
      records,
    );
    const messages = await Promise.all(records.map((record) => messageOfRecord(record, payload, this.findSchema)));
    return { topic, partition, heldBack, messages };
  }

  async close(): Promise<void> {
    await Promise.all([this.log.close(), this.admin.close()]);
  }

  /** Whether something open holds back the rest: brokers that were there a moment ago say no more of the partition. */
  private async read(range: Parameters<LogReader['read']>[0], records: ConsumedRecord[]): Promise<boolean> {
    try {
      await this.log.read(range, (some) => void records.push(...some), this.signal);
      return false;
    } catch (error) {
      if (classify(error).code === 'kafka_unavailable' && !this.signal.aborted) return true;
      throw error;
    }
  }

  /** How long ago the next record was stamped. The record is fetched, since Kafka does not tell when an offset was written. */
  private async behind({
    from,
    high,
    ...at
  }: {
    topic: string;
    partition: number;
    from: number;
    high: number;
  }): Promise<number | null> {
    const records: ConsumedRecord[] = [];
    await this.read({ ...at, from, to: Math.min(from + STRETCH, high) }, records);
    const [next] = records;
    return next === undefined ? null : Math.max(0, Date.now() - next.timestampMs);
  }

  private async describe(names: readonly string[]): Promise<Topic[]> {
    const own = this.own.filter(({ resolved }) => names.includes(resolved.name));
    const [described, reports, marks] = await Promise.all([
      this.admin.describeTopics(names),
      own.length === 0
        ? []
        : this.admin.ensureTopics(
            own.map(({ resolved }) => resolved),
            { create: false },
          ),
      this.admin.watermarks(names),
    ]);
    return names.map((name): Topic => {
      const partitions = described.find((topic) => topic.name === name)?.partitions ?? [];
      const report = reports.find((each) => each.name === name);
      return {
        name,
        definition: own.find(({ resolved }) => resolved.name === name)?.name ?? null,
        status: statusOf(report),
        drift: report?.drift ?? [],
        partitions: partitions.length,
        replicationFactor: partitions.length === 0 ? 0 : Math.min(...partitions.map(({ replicas }) => replicas.length)),
        offlinePartitions: partitions.filter(({ leader }) => leader === null).length,
        underReplicatedPartitions: partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length,
        offsets: marks.filter(({ topic }) => topic === name).reduce((sum, { low, high }) => sum + high - low, 0),
        messagesPerSecond: null,
      };
    });
  }
}

function statusOf(report: TopicReport | undefined): Topic['status'] {
  if (report === undefined) return 'foreign';
  return report.status === 'missing' || report.status === 'drift' ? report.status : 'ok';
}

const noTopic = (name: string): Failure =>
  new Failure(EXIT.refused, `There is no topic ${name}, or it may not be seen.`);

const byPlace = (one: TopicWatermarks, other: TopicWatermarks): number =>
  one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1;
