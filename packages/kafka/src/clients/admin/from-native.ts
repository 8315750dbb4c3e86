import kafka, {
  type GroupDescription as NativeGroup,
  type TopicDescription as NativeTopic,
} from '@confluentinc/kafka-javascript';

import { adminError } from './admin-errors.js';
import type { GroupDescription, GroupState, TopicDescription } from './descriptions.js';
import { topicUuid } from './topic-id.js';

export const toTopicDescription = ({ name, topicId, isInternal, partitions }: NativeTopic): TopicDescription => ({
  name,
  topicId: topicUuid(topicId.mostSignificantBits, topicId.leastSignificantBits),
  internal: isInternal,
  partitions: partitions.map(({ partition, leader, replicas, isr }) => ({
    partition,
    leader: leader?.id ?? null,
    replicas: replicas.map((node) => node.id),
    isr: isr.map((node) => node.id),
  })),
});

const { ConsumerGroupStates } = kafka;
const STATES = new Map<number, GroupState>([
  [ConsumerGroupStates.PREPARING_REBALANCE, 'preparing_rebalance'],
  [ConsumerGroupStates.COMPLETING_REBALANCE, 'completing_rebalance'],
  [ConsumerGroupStates.STABLE, 'stable'],
  [ConsumerGroupStates.DEAD, 'dead'],
  [ConsumerGroupStates.EMPTY, 'empty'],
]);

export function toGroupDescription(group: NativeGroup): GroupDescription {
  if (group.error !== undefined && group.error.code !== kafka.CODES.ERRORS.ERR_GROUP_ID_NOT_FOUND)
    throw adminError(`describe group ${group.groupId}`, group.error);
  return {
    groupId: group.groupId,
    state: group.error === undefined ? (STATES.get(group.state) ?? 'unknown') : 'dead',
    assignor: group.partitionAssignor,
    members: group.members.map(({ memberId, clientId, clientHost, assignment }) => ({
      memberId,
      clientId,
      host: clientHost,
      assignment: assignment.topicPartitions.map(({ topic, partition }) => ({ topic, partition })),
    })),
  };
}
