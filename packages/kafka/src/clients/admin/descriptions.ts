import type { TopicPartition } from '../../records.js';

/** Who holds a partition; `leader` is null while there is none. Numbers are broker ids. */
export interface PartitionDescription {
  readonly partition: number;
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicDescription {
  readonly name: string;
  /** A UUID in canonical form: a topic that was deleted and made again has another. */
  readonly topicId: string;
  readonly internal: boolean;
  readonly partitions: readonly PartitionDescription[];
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** Three, or the number of brokers where there are fewer, unless given. */
  readonly replicationFactor?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** What a round trip to the cluster found. */
export interface ClusterDescription {
  /** Brokers that are alive. */
  readonly brokerCount: number;
  readonly topics: readonly string[];
}

export type GroupState = 'unknown' | 'preparing_rebalance' | 'completing_rebalance' | 'stable' | 'dead' | 'empty';

export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  readonly assignment: readonly TopicPartition[];
}

export interface GroupDescription {
  readonly groupId: string;
  readonly state: GroupState;
  readonly assignor: string;
  readonly members: readonly GroupMember[];
}

/** First offset that is there, and the offset after the last. */
export interface TopicWatermarks extends TopicPartition {
  readonly low: number;
  readonly high: number;
}

export interface GroupPartitionLag extends TopicWatermarks {
  /** Null where the group has committed nothing. */
  readonly committed: number | null;
  /** Records between the committed offset, or else the first that is there, and the end. */
  readonly lag: number;
}

/** What an admin client tells metrics. Must not throw. */
export interface AdminObserver {
  /** `code` is that of the error, where it failed. */
  operation?(name: string, status: 'success' | 'failure', code?: string): void;
}
