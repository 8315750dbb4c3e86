import { classify, ValidationError } from '@weir/errors';
import type { GroupPartitionLag, GroupState, KafkaAdmin, TopicWatermarks } from '@weir/kafka';

import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/database.js';
import { AdminRefusal } from '../http/problems.js';
import type { Cluster } from './cluster.js';
import { foundGroup } from './consumer-groups.js';

export const TARGETS = ['earliest', 'latest', 'time', 'offset'] as const;

/** Where a group shall go on in a topic. */
export interface ResetRequest {
  readonly groupId: string;
  readonly topic: string;
  /** Null means all of the topic's. */
  readonly partitions: readonly number[] | null;
  readonly to: (typeof TARGETS)[number];
  /** Epoch milliseconds; with `to: 'time'`. */
  readonly timeMs: number | null;
  /** With `to: 'offset'`. */
  readonly offset: number | null;
  /** False: tell what would be done, and do nothing. */
  readonly confirm: boolean;
  readonly reason: string;
}

/** One partition, as it was and as it is to be. */
interface PartitionReset {
  readonly partition: number;
  /** Null where nothing was committed. */
  readonly before: number | null;
  readonly after: number;
  readonly low: number;
  readonly high: number;
  /** Offsets that are passed over, and such as are read again. */
  readonly passedOver: number;
  readonly readAgain: number;
}

export interface Reset {
  readonly groupId: string;
  readonly topic: string;
  /** Whether it was done. */
  readonly done: boolean;
  readonly partitions: readonly PartitionReset[];
}

/**
 * Moves the committed offsets of a group that has no members.
 *
 * The brokers refuse it while it has, whatever was seen before. What was and what is to be goes into the audit before it is done, so that no
 * reset is without its entry; one that then fails has a second entry that says so.
 */
export class OffsetReset {
  constructor(
    private readonly cluster: Cluster,
    private readonly database: Database,
    private readonly trail: AuditTrail,
  ) {}

  /** Throws AdminRefusal `consumer_group_not_found`, `group_active`, `topic_not_found`, or ValidationError. */
  reset(call: Call, request: ResetRequest): Promise<Reset> {
    const { groupId, topic, confirm, reason } = request;
    return this.cluster.ask(async ({ admin }) => {
      const { group, partitions: lags } = await foundGroup({ admin }, groupId);
      assertInactive(group.state);
      const partitions = await planOf(admin, request, lags);
      if (!confirm) return { groupId, topic, done: false, partitions };
      await this.database.transaction((transaction) =>
        this.trail.changed(transaction, call, {
          target: `consumer-group:${groupId}`,
          before: { topic, offsets: offsetsBy(partitions, 'before') },
          after: { topic, offsets: offsetsBy(partitions, 'after'), to: request.to, reason },
        }),
      );
      await commit(admin, groupId, topic, partitions);
      return { groupId, topic, done: true, partitions };
    });
  }
}

function assertInactive(state: GroupState): void {
  if (state !== 'empty' && state !== 'dead') throw new AdminRefusal('group_active', { state });
}

async function planOf(
  admin: KafkaAdmin,
  request: ResetRequest,
  lags: readonly GroupPartitionLag[],
): Promise<PartitionReset[]> {
  const { topic, partitions } = request;
  const marks = (await marksOf(admin, topic)).filter(
    ({ partition }) => partitions === null || partitions.includes(partition),
  );
  if (partitions !== null && marks.length < partitions.length)
    throw new ValidationError('field_invalid', '`partitions` must be numbers of partitions of the topic.');
  const targets = await targetsOf(admin, request, marks);
  return marks.map(({ partition, low, high }, i) => {
    const after = targets[i] ?? high;
    const before = lags.find((at) => at.topic === topic && at.partition === partition)?.committed ?? null;
    // Without a committed offset a consumer of Weir's begins with the first that is there.
    const position = Math.max(before ?? low, low);
    const passedOver = Math.max(after - position, 0);
    return { partition, before, after, low, high, passedOver, readAgain: Math.max(position - after, 0) };
  });
}

async function marksOf(admin: KafkaAdmin, topic: string): Promise<TopicWatermarks[]> {
  const marks = /^[A-Za-z0-9._-]{1,249}$/.test(topic) ? await admin.watermarks([topic]) : [];
  if (marks.length === 0) throw new AdminRefusal('topic_not_found');
  return marks.toSorted((one, other) => one.partition - other.partition);
}

async function targetsOf(
  admin: KafkaAdmin,
  { topic, to, timeMs, offset }: ResetRequest,
  marks: readonly TopicWatermarks[],
): Promise<number[]> {
  if (to === 'earliest') return marks.map(({ low }) => low);
  if (to === 'latest') return marks.map(({ high }) => high);
  if (to === 'time') {
    if (timeMs === null) throw new ValidationError('field_missing', 'The member `time` is required.');
    const offsets = await admin.offsetsAt([topic], timeMs);
    return marks.map(({ partition, high }) => offsets.find((at) => at.partition === partition)?.offset ?? high);
  }
  if (offset === null) throw new ValidationError('field_missing', 'The member `offset` is required.');
  const outside = marks.find(({ low, high }) => offset < low || offset > high);
  if (outside !== undefined)
    throw new ValidationError(
      'field_invalid',
      `\`offset\` must be from ${outside.low} to ${outside.high} in partition ${outside.partition}.`,
    );
  return marks.map(() => offset);
}

async function commit(
  admin: KafkaAdmin,
  groupId: string,
  topic: string,
  partitions: readonly PartitionReset[],
): Promise<void> {
  try {
    await admin.setOffsets(
      groupId,
      partitions.map(({ partition, after }) => ({ topic, partition, offset: after })),
    );
  } catch (error) {
    if (classify(error).code === 'group_active') throw new AdminRefusal('group_active', { state: 'unknown' });
    throw error;
  }
}

const offsetsBy = (partitions: readonly PartitionReset[], when: 'before' | 'after'): Record<string, number | null> =>
  Object.fromEntries(partitions.map((each) => [each.partition, each[when]]));
