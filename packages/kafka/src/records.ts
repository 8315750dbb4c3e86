/** A header as Kafka has it: names may repeat, values are bytes. A null value cannot be sent (see `assertSendable`). */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record as it was read. */
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds; with LogAppendTime the broker's clock. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** A record to be sent. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  /** Chosen by the key's murmur2 hash unless given, as Java clients do. */
  readonly partition?: number;
  /** Epoch milliseconds; now unless given. */
  readonly timestampMs?: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Topic and partition as one key of a map. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** Offsets `from` (inclusive) to `to` (exclusive) of one partition. */
export interface OffsetRange extends TopicPartition {
  readonly from: number;
  readonly to: number;
}
