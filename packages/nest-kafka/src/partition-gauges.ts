import { type PartitionLag, partitionKey, type TopicPartition } from '@weir/kafka';
import type { Metrics } from '@weir/telemetry';

/** Shows how far the consumer of a group is in each partition that it has. */
export class PartitionGauges {
  private readonly records;
  private readonly seconds;
  private shown: ReadonlyMap<string, TopicPartition> = new Map();

  constructor(
    metrics: Metrics,
    private readonly group: string,
  ) {
    this.records = metrics.gauge('kafka_consumer_lag');
    this.seconds = metrics.gauge('weir_consumer_lag_seconds');
  }

  /** All partitions of the consumer: one that is not among them is another member's now, and what was shown of it would stand still. */
  show(lags: readonly PartitionLag[]): void {
    const now = new Map(lags.map((at) => [partitionKey(at), at]));
    this.forget([...this.shown].flatMap(([key, at]) => (now.has(key) ? [] : [at])));
    for (const at of lags) {
      const labels = this.labelsOf(at);
      this.records.set(labels, at.lag);
      if (at.behindMs === null) this.seconds.remove(labels);
      else this.seconds.set(labels, at.behindMs / 1_000);
    }
    this.shown = now;
  }

  forget(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      this.records.remove(this.labelsOf(at));
      this.seconds.remove(this.labelsOf(at));
    }
  }

  private labelsOf({ topic, partition }: TopicPartition) {
    return { topic, partition: String(partition), group: this.group };
  }
}
