import { KafkaConsumerError } from '@weir/errors';
import type { LogProbe, OffsetRange, TopicPartitionOffset } from '@weir/kafka';

import { groupByPartition } from './offset-gaps.js';
import type { GapVerdict } from './settlement.js';

/** A record is in the log, unsettled, and below the batch: the consumer has to go back to it before it may go on. */
export class RecordMissedError extends KafkaConsumerError {
  constructor(readonly at: TopicPartitionOffset) {
    super('a record is in the log and was not delivered', { code: 'record_missed', context: { ...at } });
  }
}

/** So many partitions are looked into at once: each look is a connection. */
const LOOKS_AT_ONCE = 4;

/**
 * Finds out what offsets without a record are, so that the ledger cannot balance by definition (guarantees, rule 10).
 *
 * A range counts as `gap` only where a fresh fetch finds nothing in it either; what retention has deleted is `expired`. Rejects where the
 * fetch does find a record: the batch then lacks it, and may not be settled. A partition's ranges are fetched in one go: each transaction of a
 * replay leaves one in every partition that it wrote, so that a batch may have hundreds.
 */
export class GapCheck {
  constructor(private readonly log: Pick<LogProbe, 'lookInto'>) {}

  async verify(ranges: readonly OffsetRange[]): Promise<GapVerdict[]> {
    const byPartition = [...groupByPartition(ranges, (range) => range).values()];
    const verdicts: GapVerdict[] = [];
    for (let at = 0; at < byPartition.length; at += LOOKS_AT_ONCE) {
      const looks = byPartition.slice(at, at + LOOKS_AT_ONCE).map((some) => this.verdictsOn(some));
      verdicts.push(...(await Promise.all(looks)).flat());
    }
    return verdicts;
  }

  /** On ranges of one partition, in the order of their offsets. */
  private async verdictsOn(ranges: readonly OffsetRange[]): Promise<GapVerdict[]> {
    const [first] = ranges;
    if (first === undefined) return [];
    const { topic, partition } = first;
    const { lowWatermark, firstOffset } = await this.log.lookInto({ topic, partition }, ranges);
    if (firstOffset !== null) throw new RecordMissedError({ topic, partition, offset: firstOffset });
    return ranges.map((range) => {
      const { from, to } = range;
      const expired = Math.min(Math.max(lowWatermark - from, 0), to - from);
      return { range, expired, gap: to - from - expired };
    });
  }
}
