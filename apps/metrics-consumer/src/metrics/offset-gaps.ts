import { type ConsumedRecord, type OffsetRange, partitionKey, type TopicPartition } from '@weir/kafka';

/** Items by the `partitionKey` of where they are from, in their order. */
export function groupByPartition<T>(
  items: readonly T[],
  positionOf: (item: T) => TopicPartition,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  let run: { readonly topic: string; readonly partition: number; readonly group: T[] } | undefined;
  for (const item of items) {
    const { topic, partition } = positionOf(item);
    // A batch consists of runs of one partition: the key is made once for each.
    if (run === undefined || run.partition !== partition || run.topic !== topic) {
      const key = partitionKey({ topic, partition });
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      run = { topic, partition, group };
    }
    run.group.push(item);
  }
  return groups;
}

/** What a batch spans, partition by partition: from its first record to past its last. */
export function spansOf(records: readonly ConsumedRecord[]): OffsetRange[] {
  return [...groupByPartition(records, (record) => record).values()].flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return [];
    return [{ topic: first.topic, partition: first.partition, from: first.offset, to: last.offset + 1 }];
  });
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
