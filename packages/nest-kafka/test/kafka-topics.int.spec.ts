import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import type { CheckResult, HealthRegistry } from '@weir/telemetry';
import { engines, eventually, seriesIn, TcpProxy } from '@weir/testing';
import { metricsDlq, metricsRaw, tenants, type TopicDefinition } from '@weir/topics';

import { BatchHandler } from '../src/index.js';
import { boot, type Booted, connectionTo, topicsOfTest } from './app-fixture.js';
import { changeTopic, createTopic, deleteTopic, type Shape, shapeOf, topicNames } from './outside.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const start = async (options: Parameters<typeof boot>[0]): Promise<Booted> => {
  const booted = await boot(options);
  closers.push(() => booted.app.close());
  return booted;
};

const told = (health: HealthRegistry, holds: (result: CheckResult) => boolean): Promise<CheckResult | null> =>
  eventually(
    () => health.check('kafka'),
    (result) => result !== null && holds(result),
  );

const healthy = ({ status }: CheckResult): boolean => status === 'healthy';
const degraded = ({ status }: CheckResult): boolean => status === 'degraded';

/** As the registry says it, on one broker. */
const wanted = ({
  partitions,
  cleanupPolicy,
  retentionMs,
  timestampType,
  maxMessageBytes,
}: TopicDefinition): Shape => ({
  partitions,
  settings: {
    'cleanup.policy': cleanupPolicy,
    'retention.ms': String(retentionMs ?? -1),
    'message.timestamp.type': timestampType,
    'max.message.bytes': String(maxMessageBytes),
    'min.insync.replicas': '1',
  },
});

@Controller()
class Handler {
  @BatchHandler(metricsRaw)
  handle(): Promise<void> {
    return Promise.resolve();
  }
}

describe("an app's topics", () => {
  it('are made at its start as the registry shapes them, and no others', async () => {
    const topics = topicsOfTest();
    const { health } = await start({ topics, app: 'metrics-consumer' });
    const result = await told(health, healthy);
    for (const definition of topics.of('metrics-consumer'))
      expect(await shapeOf(topics.name(definition))).toEqual(wanted(definition));
    expect(await topicNames()).not.toContain(topics.name(tenants));
    expect(result).toMatchObject({
      broker_count: 1,
      existing_topics: topics.of('metrics-consumer').map((definition) => topics.name(definition)),
      missing_topics: [],
      drift: [],
    });
  });

  it('are told where they differ from the registry, never altered, and told no more once somebody mended them', async () => {
    const topics = topicsOfTest();
    const name = topics.name(metricsDlq);
    await createTopic(name, { partitions: 2, settings: { 'retention.ms': '1000' } });
    const before = await shapeOf(name);
    const { health } = await start({ topics, app: 'metrics-consumer' });
    expect(await told(health, (result) => degraded(result) && JSON.stringify(result['drift']) !== '[]')).toMatchObject({
      missing_topics: [],
      drift: [
        {
          topic: name,
          drift: expect.arrayContaining([
            { setting: 'partitions', wanted: '6', actual: '2' },
            { setting: 'retention.ms', wanted: String(metricsDlq.retentionMs), actual: '1000' },
          ]),
        },
      ],
    });
    expect(await shapeOf(name)).toEqual(before);
    await changeTopic(name, wanted(metricsDlq));
    await told(health, healthy);
  });

  it('are told where one is gone later, and it is not made again as if nothing had happened', async () => {
    const topics = topicsOfTest();
    const { health, metrics } = await start({ topics, app: 'query-api' });
    await told(health, healthy);
    await deleteTopic(topics.name(tenants));
    expect(await told(health, degraded)).toMatchObject({ existing_topics: [], missing_topics: [topics.name(tenants)] });
    const compared = async (): Promise<number> => {
      const labels = { operation: 'describe_topics', status: 'success' };
      return seriesIn(await metrics.scrape(), 'kafka_admin_operations_total', labels)[0] ?? 0;
    };
    const before = await compared();
    await eventually(async () => (await told(health, degraded)) !== null && (await compared()) > before);
    expect(await topicNames()).not.toContain(topics.name(tenants));
  });
});

describe('an app whose broker is away at its start', () => {
  it('starts, is not ready and says why, and becomes ready with its topics once the broker is there', async () => {
    const broker = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers, { away: true });
    closers.push(() => broker.cut());
    const topics = topicsOfTest();
    const connection = connectionTo(broker.address);
    const { health } = await start({ topics, app: 'metrics-consumer', connection, controllers: [Handler] });
    await told(health, ({ status, code }) => status === 'unhealthy' && code === 'kafka_unavailable');
    await eventually(
      () => health.check('consumer'),
      (result) => JSON.stringify(result).includes('kafka_unavailable'),
    );
    expect(await health.readiness()).toMatchObject({ ready: false, reasons: ['consumer'] });

    await broker.resume();
    await eventually(
      () => health.readiness(),
      ({ ready }) => ready,
      { timeoutMs: 60_000 },
    );
    expect(await topicNames()).toContain(topics.name(metricsRaw));
    await told(health, healthy);
  });
});

describe('an app whose Kafka is disabled', () => {
  it('says so, and is ready all the same', async () => {
    const { health } = await start({ topics: topicsOfTest(), app: 'metrics-consumer', enabled: false });
    expect(await health.check('kafka')).toEqual({ status: 'degraded', enabled: false });
    expect(await health.readiness()).toMatchObject({ ready: true });
  });
});
