import type { ConsumedRecord, TopicPartition } from '@weir/kafka';

/** Offsets `from` (inclusive) to `to` (exclusive) of one partition. */
export interface OffsetRange extends TopicPartition {
  readonly from: number;
  readonly to: number;
}

/** Topic and partition as one key of a map. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** What a batch spans, partition by partition: from its first record to past its last. */
export function spansOf(records: readonly ConsumedRecord[]): OffsetRange[] {
  const spans = new Map<string, { topic: string; partition: number; from: number; to: number }>();
  for (const { topic, partition, offset } of records) {
    const span = spans.get(partitionKey({ topic, partition }));
    if (span === undefined)
      spans.set(partitionKey({ topic, partition }), { topic, partition, from: offset, to: offset + 1 });
    else span.to = offset + 1;
  }
  return [...spans.values()];
}

/**
 * The offsets between `next` and the end of a partition's records at which there is no record.
 *
 * Kafka leaves such gaps by design: control records of transactions (KIP-98), aborted records and compaction.
 * `records` are those of one partition in offset order; what lies below `next` is settled and looked at no more.
 */
export function gapsIn(records: readonly ConsumedRecord[], next: number): OffsetRange[] {
  const gaps: OffsetRange[] = [];
  let expected = next;
  for (const { topic, partition, offset } of records) {
    if (offset > expected) gaps.push({ topic, partition, from: expected, to: offset });
    if (offset >= expected) expected = offset + 1;
  }
  return gaps;
}
