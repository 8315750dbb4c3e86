import { describe, expect, it } from '@jest/globals';

import { CappedLabel } from './capped-label.js';
import { metricCatalogue } from './catalogue.js';
import type { MetricDefinition } from './definition.js';
import { Metrics } from './metrics.js';

const entries: readonly (readonly [string, MetricDefinition])[] = Object.entries(metricCatalogue);
const own = entries.filter(([name]) => name.startsWith('weir_'));

describe('the metric catalogue', () => {
  it.each(entries)('names %s validly, with a line of help', (name, { help, labels }) => {
    expect(name).toMatch(/^(?:kafka|weir)_[a-z][a-z0-9_]*$/);
    expect(help).toMatch(/^[A-Z][^\n]{10,}\.$/);
    for (const label of labels) expect(label).toMatch(/^(?!__|le$|quantile$)[a-z][a-z0-9_]*$/);
    expect(new Set(labels).size).toBe(labels.length);
  });

  const isFlag = ([, { type, unit }]: (typeof own)[number]): boolean => type === 'gauge' && unit === null;

  it.each(own.filter((entry) => !isFlag(entry)))('lets %s end in its unit', (name, { type, unit }) => {
    expect(name).toMatch(type === 'counter' ? /_total$/ : new RegExp(`_${String(unit)}$`));
  });

  it.each(own.filter(isFlag))('says of %s, which has no unit, that it is 0 or 1', (_, { help }) => {
    expect(help).toMatch(/^Is 1 while .* else 0/);
  });

  it.each(entries.filter(([, { type }]) => type === 'histogram'))('gives %s rising buckets', (_, { buckets = [] }) => {
    expect(buckets.length).toBeGreaterThan(3);
    expect([...buckets].toSorted((a, b) => a - b)).toEqual(buckets);
  });

  it('keeps the established names with their labels and buckets', () => {
    const kept: Readonly<Record<string, readonly string[]>> = {
      kafka_messages_processed_total: ['status'],
      kafka_message_processing_duration_seconds: [],
      kafka_dlq_messages_total: ['reason'],
      kafka_messages_produced_total: ['topic', 'message_type', 'status'],
      kafka_messages_consumed_total: ['topic', 'group'],
      kafka_producer_errors_total: ['topic', 'code'],
      kafka_consumer_errors_total: ['topic', 'code'],
      kafka_producer_latency_seconds: ['topic', 'message_type'],
      kafka_consumer_lag: ['topic', 'partition', 'group'],
      kafka_admin_operations_total: ['operation', 'status'],
      kafka_connection_status: ['component'],
    };
    expect(
      Object.fromEntries(entries.filter(([n]) => n.startsWith('kafka_')).map(([n, { labels }]) => [n, labels])),
    ).toEqual(kept);
    expect(metricCatalogue.kafka_message_processing_duration_seconds.buckets).toEqual([
      0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
    ]);
  });
});

describe('Metrics', () => {
  it('makes every metric of the catalogue', async () => {
    const metrics = new Metrics();
    for (const [name, { type }] of entries)
      Reflect.apply(Reflect.get(metrics, type) as (name: string) => unknown, metrics, [name]);
    expect(await metrics.scrape()).toContain('# TYPE kafka_producer_latency_seconds histogram');
  });

  it('gives the same metric again, and apps in one process do not meet', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.counter('weir_ingest_requests_total').inc({ status: '202' });
    one.counter('weir_ingest_requests_total').inc({ status: '202' });
    other.counter('weir_ingest_requests_total').inc({ status: '503' });
    expect(await one.scrape()).toContain('weir_ingest_requests_total{status="202"} 2');
    expect(await other.scrape()).not.toContain('status="202"');
  });

  it('shows counters of a closed list from the start, so that a first increase is seen', async () => {
    const metrics = new Metrics();
    metrics.counter('kafka_dlq_messages_total');
    expect(await metrics.scrape()).toContain('kafka_dlq_messages_total{reason="decode"} 0');
  });

  it('reads gauges before each scrape, and answers also where a reading fails', async () => {
    const metrics = new Metrics();
    metrics.beforeScrape(() => metrics.gauge('weir_ingest_in_flight_requests').set(7));
    metrics.beforeScrape(() => Promise.reject(new Error('away')));
    const text = await metrics.scrape();
    expect(text).toContain('weir_ingest_in_flight_requests 7');
    expect(text).toContain('weir_scrape_failures_total 1');
  });
});

describe('CappedLabel', () => {
  it('keeps the first values and calls every later one other', () => {
    const label = new CappedLabel(2);
    expect(['a', 'b', 'c', 'a', 'd'].map((value) => label.of(value))).toEqual(['a', 'b', 'other', 'a', 'other']);
  });
});
