import { avro, days, defineTopic, json, mebibytes } from './define-topic.js';
import type { TopicDefinition } from './topic.js';

export const metricsRaw = defineTopic({
  name: 'metrics.raw',
  key: 'tenant + series',
  value: avro('metrics.raw-value', 'BACKWARD'),
  partitions: 12,
  retentionMs: days(7),
  timestampType: 'LogAppendTime',
  writtenBy: ['ingest-api', 'dlq-replayer'],
  readBy: ['metrics-consumer'],
  why:
    "Every accepted sample, in order per series. A week, so that a weekend outage of the store loses nothing. The broker's clock, " +
    "so that neither retention nor a sample's version follows a client's. Twelve partitions bound how far metrics-consumer scales.",
});

export const metricsDlq = defineTopic({
  name: 'metrics.dlq',
  key: "the failed record's own key",
  value: json('dead letter'),
  partitions: 6,
  retentionMs: days(30),
  // Bytes become hex (2×), a key is there as text, as hex and as the key, and a header of no length costs its punctuation:
  // at most 15 bytes for one of the raw record, whatever was sent.
  maxMessageBytes: mebibytes(16),
  writtenBy: ['metrics-consumer'],
  readBy: ['admin-service', 'dlq-replayer'],
  why:
    'What could not be stored, with its bytes and the reason. A month, so that it outlives a holiday and the fix that makes a ' +
    'replay worth while; records large enough for any raw record in hex, since a dead letter that does not fit would be lost.',
});

export const tenants = defineTopic({
  name: 'tenants',
  key: 'tenant id',
  value: avro('tenants-value', 'BACKWARD'),
  partitions: 1,
  cleanupPolicy: 'compact',
  retentionMs: null,
  writtenBy: ['admin-service'],
  readBy: ['ingest-api', 'query-api'],
  why:
    'Who may send and ask, with keys and limits; the last state of each tenant, for ever. One partition, so that a reader has ' +
    'seen all of it at one offset.',
});

export const dlqReplayCommands = defineTopic({
  name: 'dlq.replay.commands',
  key: 'replay id',
  value: avro('dlq.replay.commands-value', 'BACKWARD'),
  partitions: 3,
  copartitionedWith: 'dlq.replay.events',
  retentionMs: days(7),
  writtenBy: ['admin-service'],
  readBy: ['dlq-replayer'],
  why: 'Chunks of replays to run, in order per replay. Three partitions let three replayers work; a chunk has a deadline long before a week.',
});

export const dlqReplayEvents = defineTopic({
  name: 'dlq.replay.events',
  key: 'replay id',
  value: avro('dlq.replay.events-value', 'BACKWARD'),
  partitions: 3,
  copartitionedWith: 'dlq.replay.commands',
  retentionMs: days(30),
  timestampType: 'LogAppendTime',
  writtenBy: ['dlq-replayer', 'metrics-consumer'],
  readBy: ['admin-service', 'dlq-replayer'],
  why:
    'What became of each chunk and record. Co-partitioned with the commands, so that a replayer reads the answers to exactly the ' +
    "commands it was assigned, from a time on by the brokers' clock; as long as the dead letters, so that admin-service can be rebuilt from it.",
});

export const auditLog = defineTopic({
  name: 'audit.log',
  key: 'actor',
  value: avro('audit.log-value', 'BACKWARD'),
  partitions: 3,
  retentionMs: days(365),
  // Read rarely and kept long: worth the slower, tighter codec.
  compression: 'zstd',
  writtenBy: ['admin-service'],
  readBy: [],
  why: 'Who did what, in order per actor, for a year: what auditors ask for. Nothing in Weir reads it; it is there to be exported.',
});

export const allTopics: readonly TopicDefinition[] = [
  metricsRaw,
  metricsDlq,
  tenants,
  dlqReplayCommands,
  dlqReplayEvents,
  auditLog,
];
