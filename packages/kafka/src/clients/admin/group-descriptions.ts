import kafkajs, { type Admin, type GroupDescription as KafkajsGroup } from 'kafkajs';

import type { TopicPartition } from '../../records.js';
import type { GroupDescription, GroupState } from './descriptions.js';

const STATES = new Map<string, GroupState>([
  ['PreparingRebalance', 'preparing_rebalance'],
  ['CompletingRebalance', 'completing_rebalance'],
  ['Stable', 'stable'],
  ['Dead', 'dead'],
  ['Empty', 'empty'],
]);

/**
 * Groups and their members, by kafkajs: the Confluent client (1.10) ends the process with a segmentation fault for a group that cannot be
 * described, as where its coordinator does not answer in time.
 */
export async function describeGroups(admin: Admin, groupIds: readonly string[]): Promise<GroupDescription[]> {
  if (groupIds.length === 0) return [];
  const { groups } = await admin.describeGroups([...groupIds]);
  return groups.map((group) => ({
    groupId: group.groupId,
    state: STATES.get(group.state) ?? 'unknown',
    assignor: group.protocol,
    members: group.members.map(({ memberId, clientId, clientHost, memberAssignment }) => ({
      memberId,
      clientId,
      host: clientHost,
      assignment: assignmentIn(memberAssignment),
    })),
  }));
}

/** None for a member that has none yet. Of a group of another kind than consumers', nobody can tell. */
function assignmentIn(bytes: KafkajsGroup['members'][number]['memberAssignment']): TopicPartition[] {
  if (bytes.length === 0) return [];
  try {
    const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(bytes);
    return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  } catch {
    return []; // a RangeError: the bytes are no assignment, as those of Kafka Connect's workers
  }
}
