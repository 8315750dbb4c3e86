import { partitionKey, type TopicPartition } from '../../records.js';

/**
 * What the application asked to be paused. It outlives rebalances: a partition that comes back is still paused, and a pause of
 * everything holds for what is assigned later too.
 */
export class Pauses {
  private everything = false;
  private readonly partitions = new Map<string, boolean>();

  get all(): boolean {
    return this.everything && ![...this.partitions.values()].includes(false);
  }

  set(paused: boolean, partitions?: readonly TopicPartition[]): void {
    if (partitions !== undefined) {
      for (const partition of partitions) this.partitions.set(partitionKey(partition), paused);
      return;
    }
    this.everything = paused;
    this.partitions.clear();
  }

  has(partition: TopicPartition): boolean {
    if (this.partitions.size === 0) return this.everything;
    return this.partitions.get(partitionKey(partition)) ?? this.everything;
  }
}
