import type { AppName } from './apps.js';

export type Compatibility = 'BACKWARD' | 'FULL';

export type TopicValue =
  | { readonly format: 'avro'; readonly subject: string; readonly compatibility: Compatibility }
  | { readonly format: 'json'; readonly envelope: string };

export type Compression = 'none' | 'lz4' | 'zstd' | 'gzip' | 'snappy';

/** One topic as Weir wants it to be. Sizes in bytes, times in milliseconds. */
export interface TopicDefinition {
  readonly name: string;
  /** What the key is made of, in words. */
  readonly key: string;
  readonly value: TopicValue;
  readonly partitions: number;
  /** The name of the topic that this one has equal partitions with, where a reader depends on it. */
  readonly copartitionedWith?: string;
  readonly cleanupPolicy: 'delete' | 'compact';
  /** `null` keeps for ever. */
  readonly retentionMs: number | null;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly compression: Compression;
  readonly maxMessageBytes: number;
  readonly minInsyncReplicas: number;
  readonly writtenBy: readonly AppName[];
  readonly readBy: readonly AppName[];
  readonly why: string;
}
