import { consumerMetrics } from './catalogue/consumer.js';
import { ingestMetrics } from './catalogue/ingest.js';
import { kafkaMetrics } from './catalogue/kafka.js';
import { processMetrics } from './catalogue/process.js';
import { recoveryMetrics } from './catalogue/recovery.js';
import { serviceMetrics } from './catalogue/services.js';
import type { MetricDefinition } from './definition.js';

/**
 * Every metric of Weir, each once. Those that begin with `kafka_` are the platform's established names, whose dashboards
 * and alerts go on working; new ones begin with `weir_` and end in their unit.
 */
export const metricCatalogue = {
  ...ingestMetrics,
  ...consumerMetrics,
  ...recoveryMetrics,
  ...serviceMetrics,
  ...kafkaMetrics,
  ...processMetrics,
} satisfies Readonly<Record<string, MetricDefinition>>;

type MetricCatalogue = typeof metricCatalogue;
export type MetricName = keyof MetricCatalogue;
export type LabelOf<Name extends MetricName> = MetricCatalogue[Name]['labels'][number];
type NameOf<Type extends MetricDefinition['type']> = {
  [Name in MetricName]: MetricCatalogue[Name]['type'] extends Type ? Name : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;
