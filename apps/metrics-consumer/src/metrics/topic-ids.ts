import type { OnApplicationShutdown } from '@nestjs/common';
import { KafkaAdminError, KafkaConsumerError } from '@weir/errors';
import type { ConsumedRecord, KafkaAdmin } from '@weir/kafka';
import type { PartitionRange } from '@weir/metrics-store';

import { spansOf } from './offset-gaps.js';

/** How long an id is believed while records of its topic are read. */
const BELIEVED_MS = 5_000;

/** The topic was deleted and made again below the consumer: the same offsets are other records now. */
export class TopicRecreatedError extends KafkaConsumerError {
  constructor(readonly topic: string) {
    super(`the topic ${topic} was deleted and made again`, { code: 'topic_recreated', context: { topic } });
  }
}

/**
 * The ids (UUID) of topics, by which the ledger and dead letters name them: a topic that was deleted and created again under its
 * name is another one, whose offsets mean something else.
 *
 * The consumer may not notice: where the new topic is there soon enough it goes on at its old position, or at the beginning if that is
 * past the end, without an assignment in between. Settled under the old id, such records would be taken for settled before, and lost.
 */
export class TopicIds implements OnApplicationShutdown {
  private readonly ids = new Map<string, { readonly id: string; seenAt: number }>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(
    private readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'close'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Asks the brokers and believes them. Rejects with a KafkaAdminError where they are away or a topic is. */
  async learn(topics: readonly string[]): Promise<void> {
    const found = await this.ask(topics);
    for (const topic of topics) {
      const id = found.get(topic);
      if (id === undefined) throw new KafkaAdminError(`the topic ${topic} is not there`);
      this.ids.set(topic, { id, seenAt: this.now() });
    }
  }

  /**
   * Asks the brokers whether the topics are still those that are known. Rejects with TopicRecreatedError where one is not, until it
   * is learned anew. One that is not there at the moment contradicts nothing: what was read of it is its own.
   */
  async confirm(topics: readonly string[]): Promise<void> {
    const found = await this.ask(topics);
    for (const topic of topics) {
      const known = this.ids.get(topic);
      if (known === undefined) continue;
      if ((found.get(topic) ?? known.id) !== known.id) throw new TopicRecreatedError(topic);
      known.seenAt = this.now();
    }
  }

  /** The id of a topic that was learned. */
  idOf(topic: string): string {
    const known = this.ids.get(topic);
    if (known === undefined) throw new KafkaAdminError(`the id of topic ${topic} is not known yet`);
    return known.id;
  }

  /** What a batch spans, partition by partition, with the topics' ids, which are confirmed every few seconds. */
  async rangesOf(records: readonly ConsumedRecord[]): Promise<PartitionRange[]> {
    const spans = spansOf(records);
    const topics = [...new Set(spans.map(({ topic }) => topic))];
    const unknown = topics.filter((topic) => !this.ids.has(topic));
    if (unknown.length > 0) await this.learn(unknown);
    const stale = topics.filter((topic) => this.now() - (this.ids.get(topic)?.seenAt ?? 0) > BELIEVED_MS);
    if (stale.length > 0) await this.confirm(stale);
    return spans.map((span) => ({ ...span, topicId: this.idOf(span.topic) }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.admin.close();
  }

  private async ask(topics: readonly string[]): Promise<Map<string, string>> {
    const described = await this.admin.describeTopics(topics);
    return new Map(described.map(({ name, topicId }) => [name, topicId]));
  }
}
