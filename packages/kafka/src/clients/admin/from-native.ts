import type { TopicDescription as NativeTopic } from '@confluentinc/kafka-javascript';

import type { TopicDescription } from './descriptions.js';
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
