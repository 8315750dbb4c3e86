import { describe, expect, it } from '@jest/globals';

import { allTopics, days, metricsDlq, metricsRaw, tenants } from './index.js';

describe('the registry of topics', () => {
  it.each(allTopics.map((t) => [t.name, t] as const))(
    '%s says who writes it, who reads it and why it is so',
    (_name, topic) => {
      expect(topic.writtenBy.length).toBeGreaterThan(0);
      // The audit log is read by whoever exports it, outside Weir.
      expect(topic.readBy.length > 0 || topic.name === 'audit.log').toBe(true);
      expect(topic.why.length).toBeGreaterThan(60);
      expect(topic.key).not.toBe('');
    },
  );

  it('names each topic once', () => {
    expect(new Set(allTopics.map((t) => t.name)).size).toBe(allTopics.length);
  });

  it('gives co-partitioned topics the same number of partitions, each naming the other', () => {
    const pairs = allTopics.filter((t) => t.copartitionedWith !== undefined);
    expect(pairs.map((t) => t.name).toSorted()).toEqual(['dlq.replay.commands', 'dlq.replay.events']);
    for (const topic of pairs) {
      const other = allTopics.find((t) => t.name === topic.copartitionedWith);
      expect(other).toMatchObject({ partitions: topic.partitions, copartitionedWith: topic.name });
    }
  });

  it('leaves room in the DLQ for any raw record in hex with its envelope', () => {
    expect(metricsDlq.maxMessageBytes).toBeGreaterThan(15 * metricsRaw.maxMessageBytes + 64 * 1024);
  });

  it('lets no client decide how long a raw record is kept', () => {
    expect(metricsRaw.timestampType).toBe('LogAppendTime');
  });

  it('keeps dead letters longer than the records that they came from, and tenants for ever', () => {
    expect(metricsDlq.retentionMs).toBeGreaterThan(metricsRaw.retentionMs ?? Infinity);
    expect(metricsRaw.retentionMs).toBe(days(7));
    expect(tenants).toMatchObject({ retentionMs: null, cleanupPolicy: 'compact', partitions: 1 });
  });

  it('asks for a second replica before a record counts as written, on every topic', () => {
    expect(allTopics.map((t) => t.minInsyncReplicas)).toEqual(allTopics.map(() => 2));
  });
});
