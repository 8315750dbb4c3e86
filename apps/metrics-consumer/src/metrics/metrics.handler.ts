import { Controller, Logger } from '@nestjs/common';
import { messageOf, StoreUnavailableError } from '@weir/errors';
import { partitionKey, type RecordBatch, type TopicPartition, type TopicPartitionOffset } from '@weir/kafka';
import { MetricsStore } from '@weir/metrics-store';
import { AssignmentHandler, BatchHandler, BatchTransport } from '@weir/nest-kafka';
import { metricsRaw } from '@weir/topics';

import { CatchUp } from '../ledger/catch-up.js';
import { StoreStartup } from '../store/store-startup.js';
import { deadLetterLine } from './dead-letter-log.js';
import { RecordMissedError } from './gap-check.js';
import { spansOf } from './offset-gaps.js';
import { MetricsPipeline } from './pipeline.js';
import { groupRefusals } from './refusal-groups.js';
import { SettlementMetrics } from './settlement-metrics.js';
import { TopicIds, TopicRecreatedError } from './topic-ids.js';

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
    private readonly catchUp: CatchUp,
  ) {
    transport.whenFetched(metricsRaw, (records) => {
      pipeline.fetched(records);
    });
  }

  @BatchHandler(metricsRaw)
  async settle(batch: RecordBatch): Promise<void> {
    const began = performance.now();
    try {
      const settled = await this.pipeline.settle(batch);
      this.metrics.settled(batch, settled, (performance.now() - began) / 1_000);
      for (const { topic, outcome, count } of settled.offsets)
        if (outcome === 'expired' && count > 0)
          this.logger.error(`Retention deleted ${count} records of ${topic} before they were read`);
      const refused = groupRefusals(settled.deadLettered);
      this.metrics.deadLettered(refused);
      for (const { text, fields } of refused.map(deadLetterLine)) this.logger.warn(text, fields);
      if (settled.repeated === batch.records.length) this.passOver(batch);
    } catch (error) {
      this.metrics.failed(batch);
      if (error instanceof RecordMissedError) void this.goTo([error.at], error.message);
      else if (error instanceof TopicRecreatedError) void this.beginAgain(error);
      else if (!(error instanceof StoreUnavailableError)) this.passOver(batch);
      throw error; // the batch waits, and comes again
    }
  }

  /**
   * The ledger's `next` of each partition, and the beginning of one that has no line: whatever the group has committed there belongs to
   * another topic of that name, or to a database that is lost. Reading begins there or at the committed offset, whichever is lower.
   * Rejects until the store is migrated and the brokers name the topic; the consumer asks again and reads nothing meanwhile.
   */
  @AssignmentHandler(metricsRaw)
  async startOffsets(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    if (!this.startup.done) throw new StoreUnavailableError('the store is not migrated yet');
    await this.topicIds.learn([...new Set(partitions.map(({ topic }) => topic))]);
    const lines = await this.store.startOffsets(
      partitions.map(({ topic, partition }) => ({ topic, partition, topicId: this.topicIds.idOf(topic) })),
    );
    const next = new Map(lines.map((line) => [partitionKey(line), line.offset]));
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: next.get(partitionKey({ topic, partition })) ?? 0,
    }));
  }

  /** Whatever the batch met: where the ledger stands past it, it is of no use to anyone. Not awaited, since it ends the batch. */
  private passOver({ records }: RecordBatch): void {
    void this.catchUp.past(spansOf(records).map(({ topic, partition, to }) => ({ topic, partition, offset: to - 1 })));
  }

  /**
   * Never rejects: what fails here is found out again with the next try of the batch. The new id is learned only once nothing of the
   * old topic is left to be settled under it.
   */
  private async beginAgain({ topic, message }: TopicRecreatedError): Promise<void> {
    const partitions = this.transport.consumer(metricsRaw).assignment.filter((each) => each.topic === topic);
    const sought = await this.goTo(
      partitions.map(({ partition }) => ({ topic, partition, offset: 0 })),
      message,
    );
    if (sought) await this.topicIds.learn([topic]).catch((error: unknown) => this.logger.warn(messageOf(error)));
  }

  /** Not awaited by the batch that asks for it, since it ends that batch. False where it failed; never rejects. */
  private async goTo(targets: readonly TopicPartitionOffset[], why: string): Promise<boolean> {
    const places = targets.map(({ topic, partition, offset }) => `${topic}[${partition}]@${offset}`);
    this.logger.error(`Reading again from ${places.join(', ')}: ${why}`);
    try {
      await this.transport.consumer(metricsRaw).seek(targets);
      return true;
    } catch (error) {
      this.logger.warn(`Could not go back: ${messageOf(error)}`);
      return false;
    }
  }
}
