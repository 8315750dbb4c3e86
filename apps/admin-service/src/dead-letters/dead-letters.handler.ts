import { Controller } from '@nestjs/common';
import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { AssignmentHandler, BatchHandler, BatchTransport } from '@weir/nest-kafka';
import { metricsDlq } from '@weir/topics';

import { DeadLetterProjection } from '../projections/projections.js';

/** Letters come by the thousand or hardly ever: one alone waits 20 ms more, and the broker is asked less often. */
const FETCH = { fetchMinBytes: 65_536, fetchWaitMs: 20 } as const;

/** `metrics.dlq` → the index. */
@Controller()
export class DeadLettersHandler {
  constructor(
    private readonly projection: DeadLetterProjection,
    transport: BatchTransport,
  ) {
    transport.whenFetched(metricsDlq, (records) => {
      projection.fetched(records);
    });
  }

  @BatchHandler(metricsDlq, FETCH)
  async take(batch: RecordBatch): Promise<void> {
    await this.projection.take(batch);
  }

  @AssignmentHandler(metricsDlq)
  async starts(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return this.projection.starts(partitions);
  }
}
