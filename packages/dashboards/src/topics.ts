import { allTopics, metricsRaw, type TopicDefinition } from '@weir/topics';

import { like, type Matcher } from './promql.js';

/**
 * Topics are found by how their names end, since KAFKA_TOPIC_PREFIX may stand before them. One that has another name in an installation
 * (KAFKA_TOPIC_METRICS_RAW and its like) is not found, here as in deploy/prometheus/rules.
 */
const named = (topics: readonly TopicDefinition[]): Matcher =>
  like(String.raw`(.+\.)?(${topics.map(({ name }) => name.replaceAll('.', String.raw`\.`)).join('|')})`);

/** Where accepted samples wait for the store. */
export const rawTopic = named([metricsRaw]);

/** Weir's own. Others may read on the same brokers; how far they are is not ours to judge. */
export const ownTopics = named(allTopics);
