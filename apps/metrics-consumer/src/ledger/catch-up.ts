import { Logger } from '@nestjs/common';
import { messageOf } from '@weir/errors';
import { type BatchConsumer, partitionKey, type TopicPartitionOffset } from '@weir/kafka';
import type { MetricsStore } from '@weir/metrics-store';

import type { TopicIds } from '../metrics/topic-ids.js';

/**
 * Takes the consumer past what the ledger says is settled: because an operator skipped it, maybe on another instance, or because it was
 * delivered again. Such records would be left out one batch after the other, and one that waits for something would wait on.
 */
export class CatchUp {
  private readonly logger = new Logger('Ledger');

  /** `consumer`: null while there is none. */
  constructor(
    private readonly store: Pick<MetricsStore, 'startOffsets'>,
    private readonly topicIds: Pick<TopicIds, 'idOf' | 'confirm'>,
    private readonly consumer: () => Pick<BatchConsumer, 'advance'> | null,
  ) {}

  /**
   * Goes on at the lines of those partitions whose offset given here is settled, which gives up a batch that is in hand of them. Never
   * rejects: whoever is still behind finds out by its next batch.
   */
  async past(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const consumer = this.consumer();
    if (consumer === null || offsets.length === 0) return;
    try {
      const settled = new Map(offsets.map((at) => [partitionKey(at), at.offset]));
      const lines = await this.store.startOffsets(
        offsets.map(({ topic, partition }) => ({ topic, partition, topicId: this.topicIds.idOf(topic) })),
      );
      const ahead = lines.filter((line) => line.offset > (settled.get(partitionKey(line)) ?? Infinity));
      if (ahead.length === 0) return;
      // The line of a topic says nothing about one that was made in its place.
      await this.topicIds.confirm([...new Set(ahead.map(({ topic }) => topic))]);
      await consumer.advance(ahead.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    } catch (error) {
      this.logger.debug(`Not caught up: ${messageOf(error)}`);
    }
  }
}
