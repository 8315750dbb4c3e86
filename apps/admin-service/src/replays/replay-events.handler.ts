import { Controller } from '@nestjs/common';
import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { AssignmentHandler, BatchHandler } from '@weir/nest-kafka';
import { dlqReplayEvents } from '@weir/topics';

import { ReplayEventsProjection } from '../projections/projections.js';
import { ReplayEvents } from './replay-events.js';

/** Each may tell of 500 records, all of which are stated anew in one statement. */
const MAX_EVENTS = 20;

/** `dlq.replay.events` → what became of replays and their records. */
@Controller()
export class ReplayEventsHandler {
  constructor(
    private readonly projection: ReplayEventsProjection,
    private readonly events: ReplayEvents,
  ) {}

  @BatchHandler(dlqReplayEvents, { maxRecords: MAX_EVENTS })
  async take(batch: RecordBatch): Promise<void> {
    await this.events.prepare(batch.records);
    await this.projection.take(batch);
  }

  @AssignmentHandler(dlqReplayEvents)
  async starts(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return this.projection.starts(partitions);
  }
}
