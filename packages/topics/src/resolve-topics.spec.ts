import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@weir/errors';
import * as fc from 'fast-check';

import { allTopics, metricsDlq, metricsRaw, resolveTopics, tenants, variableSuffix, type AppName } from './index.js';

const needs = (app: AppName): string[] =>
  resolveTopics()
    .of(app)
    .map((t) => t.name);

const problemsOf = (naming: Parameters<typeof resolveTopics>[0]): readonly string[] => {
  try {
    resolveTopics(naming);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

describe('resolveTopics', () => {
  it('keeps the names of the registry where nothing is set', () => {
    const topics = resolveTopics();
    expect(allTopics.map((t) => topics.name(t))).toEqual(allTopics.map((t) => t.name));
  });

  it('puts the prefix before every name, and leaves it out where a name is overridden', () => {
    const topics = resolveTopics({ prefix: 'eu.', overrides: { METRICS_DLQ: 'graveyard', tenants: '' } });
    expect(topics.name(metricsRaw)).toBe('eu.metrics.raw');
    expect(topics.name(metricsDlq)).toBe('graveyard');
    expect(topics.name(tenants)).toBe('eu.tenants');
    expect(topics.resolved(metricsDlq)).toEqual({ ...metricsDlq, name: 'graveyard' });
  });

  it('knows what an app needs', () => {
    expect(needs('ingest-api')).toEqual(['metrics.raw', 'tenants']);
    expect(needs('query-api')).toEqual(['tenants']);
    expect(needs('metrics-consumer')).toEqual(['metrics.raw', 'metrics.dlq', 'dlq.replay.events']);
  });

  it('refuses to name a topic that is not in the registry', () => {
    expect(() => resolveTopics().name({ name: 'metrics.other' })).toThrow(ConfigurationError);
  });

  it('reports every problem at once', () => {
    const problems = problemsOf({
      overrides: { METRICS_RAW: 'a b', METRICS_DLQ: 'x'.repeat(250), METRIC_RAW: 'typo' },
    });
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/KAFKA_TOPIC_METRIC_RAW/);
  });

  it.each(['.', '..', 'a/b', 'größe', '__mine', ' '])(
    'refuses %j, which Kafka would refuse or keeps for itself',
    (name) => {
      expect(problemsOf({ overrides: { TENANTS: name } })).toHaveLength(1);
    },
  );

  it('refuses two topics under one name, also where only "." and "_" tell them apart', () => {
    expect(problemsOf({ overrides: { TENANTS: 'metrics.raw' } })).toHaveLength(1);
    expect(problemsOf({ overrides: { TENANTS: 'metrics_raw' } })).toHaveLength(1);
  });

  it('either refuses a prefix or gives six names that Kafka takes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 260 }), (prefix) => {
        if (problemsOf({ prefix }).length > 0) return;
        const topics = resolveTopics({ prefix });
        for (const topic of allTopics) expect(topics.name(topic)).toMatch(/^(?!__)[A-Za-z0-9._-]{1,249}$/);
      }),
    );
  });
});

describe('variableSuffix', () => {
  it('is unambiguous over the registry', () => {
    expect(variableSuffix('dlq.replay.events')).toBe('DLQ_REPLAY_EVENTS');
    expect(new Set(allTopics.map((t) => variableSuffix(t.name))).size).toBe(allTopics.length);
  });
});
