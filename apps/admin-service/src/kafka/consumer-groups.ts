import {
  type GroupDescription,
  type GroupMember,
  type GroupPartitionLag,
  type GroupState,
  partitionKey,
  type TopicPartitionOffset,
} from '@weir/kafka';

import type { Page } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import type { Cluster, ClusterClients } from './cluster.js';
import { pageOfNames } from './page-of-names.js';

/** A group in a list. */
export interface GroupView {
  readonly groupId: string;
  readonly state: GroupState;
  readonly members: number;
  /** Over all partitions that it has committed something for; null where the brokers do not tell, as amid an open transaction. */
  readonly lag: number | null;
}

/** How far a group is in one partition. */
interface GroupPartitionView extends GroupPartitionLag {
  /** How long ago the next record was stamped; 0 without lag, null where that could not be found out in time. */
  readonly behindMs: number | null;
  /** The member that reads it; null where none does. */
  readonly memberId: string | null;
}

/** One group. */
export interface GroupDetail extends Omit<GroupView, 'members' | 'lag'> {
  readonly lag: number;
  readonly assignor: string;
  readonly members: readonly GroupMember[];
  readonly partitions: readonly GroupPartitionView[];
}

/** How long times behind are looked for in all; a partition that was not reached has none. */
const BEHIND_WITHIN_MS = 4_000;
/** Offsets without a record that may lie before the next one. */
const STRETCH = 50;

/** Consumer groups, Weir's and others'. */
export class ConsumerGroups {
  constructor(
    private readonly cluster: Cluster,
    private readonly clock: () => number = Date.now,
  ) {}

  /** By id. */
  list(page: PageRequest): Promise<Page<GroupView>> {
    return this.cluster.ask(async (clients) => {
      const ids = pageOfNames(await clients.admin.listGroups(), 'consumer groups', page);
      const groups = ids.items.length === 0 ? [] : await clients.admin.describeGroups(ids.items);
      const lags = await lagsOf(clients, ids.items);
      const items = groups.map(({ groupId, state, members }) => ({
        groupId,
        state,
        members: members.length,
        lag: lags.get(groupId) ?? null,
      }));
      return { items, nextCursor: ids.nextCursor };
    });
  }

  /** Throws AdminRefusal `consumer_group_not_found`. */
  get(groupId: string): Promise<GroupDetail> {
    return this.cluster.ask(async (clients, signal) => {
      const { group, partitions } = await foundGroup(clients, groupId);
      const readers = new Map(
        group.members.flatMap(({ memberId, assignment }) =>
          assignment.map((at) => [partitionKey(at), memberId] as const),
        ),
      );
      const behind = await this.timesBehind(clients, partitions, signal);
      return {
        groupId,
        state: group.state,
        assignor: group.assignor,
        lag: sumOf(partitions),
        members: group.members,
        partitions: partitions.map((at, i) => ({
          ...at,
          behindMs: behind[i] ?? null,
          memberId: readers.get(partitionKey(at)) ?? null,
        })),
      };
    });
  }

  /** One after the other: the record that comes next is fetched, since Kafka does not tell when an offset was written. */
  private async timesBehind(
    { log }: ClusterClients,
    partitions: readonly GroupPartitionLag[],
    signal: AbortSignal,
  ): Promise<(number | null)[]> {
    const until = performance.now() + BEHIND_WITHIN_MS;
    const times: (number | null)[] = [];
    for (const { topic, partition, committed, low, high, lag } of partitions) {
      let next: number | null = null;
      const from = Math.max(committed ?? low, low);
      if (lag > 0 && performance.now() < until)
        await log
          .read(
            { topic, partition, from, to: Math.min(from + STRETCH, high) },
            ([first]) => {
              next ??= first?.timestampMs ?? null;
            },
            signal,
          )
          .catch(() => undefined); // it is then not known
      times.push(lag === 0 ? 0 : next === null ? null : Math.max(this.clock() - next, 0));
    }
    return times;
  }
}

/** A group, and how far it is. Throws AdminRefusal `consumer_group_not_found` for one that never was. */
export async function foundGroup(
  { admin }: Pick<ClusterClients, 'admin'>,
  groupId: string,
): Promise<{ readonly group: GroupDescription; readonly partitions: readonly GroupPartitionLag[] }> {
  const [[group], partitions] = await Promise.all([admin.describeGroups([groupId]), admin.lag(groupId)]);
  if (group === undefined || (group.state === 'dead' && partitions.length === 0))
    throw new AdminRefusal('consumer_group_not_found');
  return { group, partitions: partitions.toSorted(byTopicAndPartition) };
}

/** A group that does not tell its offsets spoils no other's. */
async function lagsOf({ admin }: ClusterClients, groupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const offsets = await admin.offsetsOf(groupIds);
  const topics = new Set([...offsets.values()].flatMap((committed) => committed.map(({ topic }) => topic)));
  const marks = new Map((await admin.watermarks([...topics])).map((mark) => [partitionKey(mark), mark]));
  const lagAt = (at: TopicPartitionOffset): number => {
    const { low, high } = marks.get(partitionKey(at)) ?? { low: 0, high: 0 };
    return Math.max(0, high - Math.max(at.offset, low));
  };
  return new Map(
    [...offsets].map(([groupId, committed]) => [groupId, committed.reduce((sum, at) => sum + lagAt(at), 0)]),
  );
}

const sumOf = (partitions: readonly GroupPartitionLag[]): number => partitions.reduce((sum, { lag }) => sum + lag, 0);

const byTopicAndPartition = (one: GroupPartitionLag, other: GroupPartitionLag): number =>
  one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1;
