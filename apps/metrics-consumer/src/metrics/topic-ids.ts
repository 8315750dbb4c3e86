import type { OnApplicationShutdown } from '@nestjs/common';
import { KafkaAdminError } from '@weir/errors';
import type { ConsumedRecord, KafkaAdmin } from '@weir/kafka';
import type { PartitionRange } from '@weir/metrics-store';

import { spansOf } from './offset-gaps.js';

/**
 * The ids (UUID) of topics, by which the ledger and dead letters name them: a topic that was deleted and created again under its
 * name is another one, whose offsets mean something else.
 *
 * Kept until the next assignment, since a topic cannot be created again without one.
 */
export class TopicIds implements OnApplicationShutdown {
  private readonly ids = new Map<string, string>();

  constructor(private readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'close'>) {}

  /** Asks the brokers anew. Rejects with a KafkaAdminError where they are away or a topic is. */
  async refresh(topics: readonly string[]): Promise<void> {
    const described = await this.admin.describeTopics(topics);
    for (const topic of topics) this.ids.delete(topic);
    for (const { name, topicId } of described) this.ids.set(name, topicId);
    const missing = topics.find((topic) => !this.ids.has(topic));
    if (missing !== undefined) throw new KafkaAdminError(`the topic ${missing} is not there`);
  }

  /** The id of a topic that `refresh` or `rangesOf` has seen. */
  idOf(topic: string): string {
    const id = this.ids.get(topic);
    if (id === undefined) throw new KafkaAdminError(`the id of topic ${topic} is not known yet`);
    return id;
  }

  /** What a batch spans, partition by partition, with the topics' ids. */
  async rangesOf(records: readonly ConsumedRecord[]): Promise<PartitionRange[]> {
    const spans = spansOf(records);
    const unknown = new Set(spans.map(({ topic }) => topic).filter((topic) => !this.ids.has(topic)));
    if (unknown.size > 0) await this.refresh([...unknown]);
    return spans.map((span) => ({ ...span, topicId: this.idOf(span.topic) }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.admin.close();
  }
}
