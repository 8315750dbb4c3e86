import type { Compatibility, Compression, TopicDefinition, TopicValue } from './topic.js';

/** Milliseconds in `n` days. */
export const days = (n: number): number => n * 24 * 60 * 60 * 1000;

/** Bytes in `n` MiB. */
export const mebibytes = (n: number): number => n * 1024 * 1024;

/** Values in the Confluent frame, under this subject of the registry. */
export const avro = (subject: string, compatibility: Compatibility): TopicValue => ({
  format: 'avro',
  subject,
  compatibility,
});

/** Values as JSON text in the shape of this name. */
export const json = (envelope: string): TopicValue => ({ format: 'json', envelope });

const DEFAULTS = {
  cleanupPolicy: 'delete',
  timestampType: 'CreateTime',
  compression: 'lz4' satisfies Compression,
  maxMessageBytes: mebibytes(1),
  // Two of three replicas hold a record before it counts as written: one broker may be lost without losing or refusing anything.
  minInsyncReplicas: 2,
} as const;

type Shape = Omit<TopicDefinition, keyof typeof DEFAULTS> & Partial<Pick<TopicDefinition, keyof typeof DEFAULTS>>;

/** Completes a topic's shape with what most topics share. */
export const defineTopic = (shape: Shape): TopicDefinition => Object.freeze({ ...DEFAULTS, ...shape });
