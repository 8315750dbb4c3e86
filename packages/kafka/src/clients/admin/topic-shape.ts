import type { TopicDefinition } from '@weir/topics';

import type { TopicSettings } from './config-admin.js';
import type { TopicDescription } from './descriptions.js';

/** One thing about a topic that is not as the registry wants it. */
export interface TopicDrift {
  /** Kafka's name of the setting, or `partitions`, `replication.factor`. */
  readonly setting: string;
  readonly wanted: string;
  readonly actual: string;
}

/** Three replicas, or as many as there are brokers. */
export const replicationFor = (brokerCount: number): number => Math.max(1, Math.min(3, brokerCount));

/**
 * The settings a topic is made with.
 *
 * `compression.type` stays `producer`: what a producer chose is kept, where the broker would otherwise unpack and pack again every batch
 * of one that chose differently (`KAFKA_COMPRESSION`).
 */
export function topicConfig(definition: TopicDefinition, brokerCount: number): Record<string, string> {
  return {
    'cleanup.policy': definition.cleanupPolicy,
    'retention.ms': String(definition.retentionMs ?? -1),
    'message.timestamp.type': definition.timestampType,
    'compression.type': 'producer',
    'max.message.bytes': String(definition.maxMessageBytes),
    'min.insync.replicas': String(Math.min(definition.minInsyncReplicas, replicationFor(brokerCount))),
  };
}

/**
 * What differs from the registry. More replicas, or more of them in sync, than wanted are no drift: brokers that are down at the moment
 * are not counted, and a cluster may be stricter than Weir.
 */
export function topicDrift(
  definition: TopicDefinition,
  description: TopicDescription,
  settings: TopicSettings,
  brokerCount: number,
): TopicDrift[] {
  const drift: TopicDrift[] = [];
  const compare = (setting: string, wanted: string, actual: string, fits = actual === wanted): void => {
    if (!fits) drift.push({ setting, wanted, actual });
  };
  const { partitions } = description;
  compare('partitions', String(definition.partitions), String(partitions.length));
  const replicas = Math.min(...partitions.map((p) => p.replicas.length));
  const wantedReplicas = replicationFor(brokerCount);
  compare('replication.factor', String(wantedReplicas), String(replicas), replicas >= wantedReplicas);

  for (const [setting, wanted] of Object.entries(topicConfig(definition, brokerCount))) {
    const actual = settings.get(setting)?.value ?? 'unknown';
    if (setting === 'min.insync.replicas') compare(setting, wanted, actual, Number(actual) >= Number(wanted));
    else if (setting === 'compression.type') compare(setting, wanted, actual, keepsCompression(actual, definition));
    else compare(setting, wanted, actual);
  }
  return drift;
}

const keepsCompression = (actual: string, { compression }: TopicDefinition): boolean =>
  actual === 'producer' || actual === (compression === 'none' ? 'uncompressed' : compression);
