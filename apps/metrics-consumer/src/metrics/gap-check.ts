import { KafkaConsumerError } from '@weir/errors';
import type { LogProbe, TopicPartitionOffset } from '@weir/kafka';

import type { OffsetRange } from './offset-gaps.js';
import type { GapVerdict } from './settlement.js';

/** A record is in the log, unsettled, and below the batch: the consumer has to go back to it before it may go on. */
export class RecordMissedError extends KafkaConsumerError {
  constructor(readonly at: TopicPartitionOffset) {
    super('a record is in the log and was not delivered', { code: 'record_missed', context: { ...at } });
  }
}

/**
 * Finds out what offsets without a record are, so that the ledger cannot balance by definition (guarantees, rule 10).
 *
 * A range counts as `gap` only where a fresh fetch from its start finds nothing in it either; what retention has deleted is
 * `expired`. Rejects where the fetch does find a record: the batch then lacks it, and may not be settled.
 */
export class GapCheck {
  constructor(private readonly log: Pick<LogProbe, 'lookFrom'>) {}

  async verify(ranges: readonly OffsetRange[]): Promise<GapVerdict[]> {
    const verdicts: GapVerdict[] = [];
    for (const range of ranges) verdicts.push(await this.verdictOn(range)); // rare, so one after the other
    return verdicts;
  }

  private async verdictOn(range: OffsetRange): Promise<GapVerdict> {
    const { topic, partition, from, to } = range;
    const { lowWatermark, firstOffset } = await this.log.lookFrom({ topic, partition, offset: from });
    if (firstOffset !== null && firstOffset < to)
      throw new RecordMissedError({ topic, partition, offset: firstOffset });
    const expired = Math.min(Math.max(lowWatermark - from, 0), to - from);
    return { range, expired, gap: to - from - expired };
  }
}
