import { Controller, Logger } from '@nestjs/common';
import { messageOf, StoreUnavailableError } from '@weir/errors';
import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { MetricsStore } from '@weir/metrics-store';
import { AssignmentHandler, BatchHandler, BatchTransport } from '@weir/nest-kafka';
import { metricsRaw } from '@weir/topics';

import { StoreStartup } from '../store/store-startup.js';
import { RecordMissedError } from './gap-check.js';
import { MetricsPipeline } from './pipeline.js';
import { SettlementMetrics } from './settlement-metrics.js';
import { TopicIds } from './topic-ids.js';

/** Where Kafka meets the pipeline: batches to settle, and where to begin with partitions that are newly assigned. */
@Controller()
export class MetricsHandler {
  private readonly logger = new Logger(MetricsHandler.name);

  constructor(
    private readonly pipeline: MetricsPipeline,
    private readonly startup: StoreStartup,
    private readonly store: MetricsStore,
    private readonly topicIds: TopicIds,
    private readonly transport: BatchTransport,
    private readonly metrics: SettlementMetrics,
  ) {}

  @BatchHandler(metricsRaw)
  async settle(batch: RecordBatch): Promise<void> {
    const began = performance.now();
    try {
      const settled = await this.pipeline.settle(batch);
      this.metrics.settled(batch, settled, (performance.now() - began) / 1_000);
    } catch (error) {
      this.metrics.failed(batch);
      if (error instanceof RecordMissedError) this.goBackTo(error.at);
      throw error; // the batch waits, and comes again
    }
  }

  /**
   * The ledger's `next` of each partition that has a line. Reading begins there or at the committed offset, whichever is lower.
   * Rejects until the store is migrated and the brokers name the topic; the consumer asks again and reads nothing meanwhile.
   */
  @AssignmentHandler(metricsRaw)
  async startOffsets(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    if (!this.startup.done) throw new StoreUnavailableError('the store is not migrated yet');
    await this.topicIds.refresh([...new Set(partitions.map(({ topic }) => topic))]);
    const lines = await this.store.startOffsets(
      partitions.map(({ topic, partition }) => ({ topic, partition, topicId: this.topicIds.idOf(topic) })),
    );
    return lines.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  /** Not awaited: it ends this very batch, and delivers from there again. */
  private goBackTo(at: TopicPartitionOffset): void {
    this.logger.error(`A record was not delivered: going back to ${at.topic}[${at.partition}]@${at.offset}`);
    this.transport
      .consumer(metricsRaw)
      .seek([at])
      .catch((error: unknown) => this.logger.warn(`Could not go back: ${messageOf(error)}`));
  }
}
