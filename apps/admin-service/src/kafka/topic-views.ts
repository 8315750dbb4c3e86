import type {
  PartitionDescription,
  TopicDescription,
  TopicDrift,
  TopicReport,
  TopicSettings,
  TopicWatermarks,
} from '@weir/kafka';
import type { TopicDefinition } from '@weir/topics';

/** How a topic compares with the registry of topics; `foreign`: it is none of Weir's. */
type TopicStatus = 'ok' | 'drift' | 'missing' | 'foreign';

/** A topic in a list. */
export interface TopicView {
  readonly name: string;
  /** The registry's name for it; null for one that is not Weir's. */
  readonly definition: string | null;
  readonly topicId: string | null;
  readonly status: TopicStatus;
  readonly drift: readonly TopicDrift[];
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Partitions without a leader, and such as lack a replica in sync. */
  readonly offlinePartitions: number;
  readonly underReplicatedPartitions: number;
  /** Offsets between the first and the last: compaction and transactions leave some without a record. */
  readonly offsets: number;
  /** Over the last minute, by the records' timestamps. */
  readonly messagesPerSecond: number;
}

interface PartitionView extends PartitionDescription {
  readonly low: number;
  readonly high: number;
  readonly messagesPerSecond: number;
}

/** One topic. */
export interface TopicDetail extends TopicView {
  /** Why it is shaped so, and who writes and reads it; null and empty for one that is not Weir's. */
  readonly why: string | null;
  readonly writtenBy: readonly string[];
  readonly readBy: readonly string[];
  readonly partitionDetails: readonly PartitionView[];
  /** Kafka's settings by name. */
  readonly settings: Readonly<Record<string, { readonly value: string; readonly overridden: boolean }>>;
}

/** What is known of one topic. */
export interface TopicFacts {
  readonly name: string;
  /** Null where it is not there. */
  readonly description: TopicDescription | null;
  /** Null for one that is not Weir's; under its name on the brokers. */
  readonly report: TopicReport | null;
  readonly definition: TopicDefinition | null;
  readonly marks: readonly TopicWatermarks[];
  /** By partition: where it stood `RATE_WINDOW_MS` ago. */
  readonly before: ReadonlyMap<number, number>;
}

export const RATE_WINDOW_MS = 60_000;

export function topicView({ name, description, report, definition, marks, before }: TopicFacts): TopicView {
  const partitions = description?.partitions ?? [];
  return {
    name,
    definition: definition?.name ?? null,
    topicId: description?.topicId ?? null,
    status: statusOf(description, report),
    drift: report?.drift ?? [],
    partitions: partitions.length,
    replicationFactor: partitions.length === 0 ? 0 : Math.min(...partitions.map(({ replicas }) => replicas.length)),
    offlinePartitions: partitions.filter(({ leader }) => leader === null).length,
    underReplicatedPartitions: partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length,
    offsets: marks.reduce((sum, { low, high }) => sum + high - low, 0),
    messagesPerSecond: rounded(marks.reduce((sum, mark) => sum + rateOf(mark, before), 0)),
  };
}

export function topicDetail(facts: TopicFacts, settings: TopicSettings): TopicDetail {
  const { description, definition, marks, before } = facts;
  const markOf = new Map(marks.map((mark) => [mark.partition, mark]));
  return {
    ...topicView(facts),
    why: definition?.why ?? null,
    writtenBy: definition?.writtenBy ?? [],
    readBy: definition?.readBy ?? [],
    partitionDetails: (description?.partitions ?? []).map((partition) => {
      const mark = markOf.get(partition.partition);
      const { low = 0, high = 0 } = mark ?? {};
      return { ...partition, low, high, messagesPerSecond: mark === undefined ? 0 : rounded(rateOf(mark, before)) };
    }),
    settings: Object.fromEntries([...settings].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function statusOf(description: TopicDescription | null, report: TopicReport | null): TopicStatus {
  if (report === null) return 'foreign';
  if (description === null) return 'missing';
  return report.status === 'drift' ? 'drift' : 'ok';
}

const rateOf = ({ partition, low, high }: TopicWatermarks, before: ReadonlyMap<number, number>): number =>
  Math.max(high - Math.max(before.get(partition) ?? high, low), 0) / (RATE_WINDOW_MS / 1_000);

const rounded = (rate: number): number => Math.round(rate * 100) / 100;
