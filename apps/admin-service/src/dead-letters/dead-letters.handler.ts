import { Controller } from '@nestjs/common';
import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { AssignmentHandler, BatchHandler } from '@weir/nest-kafka';
import { metricsDlq } from '@weir/topics';

import { DeadLetterProjection } from '../projections/projections.js';

/** `metrics.dlq` → the index. */
@Controller()
export class DeadLettersHandler {
  constructor(private readonly projection: DeadLetterProjection) {}

  @BatchHandler(metricsDlq, { maxRecords: 5_000 })
  async take(batch: RecordBatch): Promise<void> {
    await this.projection.take(batch);
  }

  @AssignmentHandler(metricsDlq)
  async starts(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return this.projection.starts(partitions);
  }
}
