import type { LibrdKafkaError, Message } from '@confluentinc/kafka-javascript';

import type { TopicPartition, TopicPartitionOffset } from '../../records.js';

export type Callback<T> = (error: LibrdKafkaError | null | undefined, value: T) => void;

/** What we use of `KafkaConsumer` 1.10; its own type declarations lack some of it. */
export interface NativeConsumer {
  connect(options: { allTopics: boolean; timeout: number }, done: Callback<unknown>): void;
  disconnect(done: () => void): void;
  isConnected(): boolean;
  on(event: 'event.error', listener: (error: LibrdKafkaError) => void): void;
  on(event: 'event.stats', listener: (statistics: { readonly message: string }) => void): void;
  on(event: 'event.log', listener: (line: { readonly message: string }) => void): void;
  on(event: 'partition.eof', listener: (end: TopicPartitionOffset) => void): void;
  subscribe(topics: readonly string[]): void;
  setDefaultConsumeTimeout(timeoutMs: number): void;
  consume(max: number, done: Callback<Message[]>): void;
  incrementalAssign(partitions: readonly (TopicPartition | StartingPartition)[]): void;
  incrementalUnassign(partitions: readonly TopicPartition[]): void;
  assignmentLost(): boolean;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  position(partitions: readonly TopicPartition[]): { topic: string; partition: number; offset?: number }[];
  seek(target: TopicPartitionOffset, timeoutMs: number, done: Callback<unknown>): void;
  committed(
    partitions: readonly TopicPartition[],
    timeoutMs: number,
    done: Callback<(CommittedOffset | Error)[]>,
  ): void;
  commit(offsets: readonly TopicPartitionOffset[]): void;
  offsetsForTimes(
    times: readonly TopicPartitionOffset[],
    timeoutMs: number,
    done: Callback<TopicPartitionOffset[]>,
  ): void;
  queryWatermarkOffsets(topic: string, partition: number, timeoutMs: number, done: Callback<ClientWatermarks>): void;
  getMetadata(options: { allTopics: boolean; timeout: number }, done: Callback<unknown>): void;
}

/** A partition and where to begin; without an offset the client asks for the group's. */
export type StartingPartition = TopicPartition & { readonly offset: number | 'beginning' | 'end' };

export interface ClientWatermarks {
  lowOffset: number;
  highOffset: number;
}

/** `offset` is missing where the group has committed none. */
export type CommittedOffset = TopicPartition & { offset?: number };

export function asNativeConsumer(consumer: unknown): NativeConsumer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's declarations lack what we use of it
  return consumer as NativeConsumer;
}
