import { Global, type INestApplication, Module, type Type } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { KafkaConnection } from '@weir/kafka';
import { HealthRegistry, Metrics } from '@weir/telemetry';
import { engines, uniqueName } from '@weir/testing';
import { type AppName, metricsRaw, resolveTopics, type Topics } from '@weir/topics';

import { BatchTransport, KafkaModule, type KafkaModuleOptions } from '../src/index.js';

export const PRODUCER = Symbol('producer');

export const connectionTo = (bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection => ({
  bootstrapServers,
  clientId: 'weir-test',
  securityProtocol: 'PLAINTEXT',
});

/** The registry with `metrics.raw` called `topic`. */
export const topicsWith = (topic: string): Topics => resolveTopics({ overrides: { [metricsRaw.name]: topic } });

/** All of the registry's topics, under names of this test alone. */
export const topicsOfTest = (): Topics => resolveTopics({ prefix: `${uniqueName('nest')}.` });

interface Fixture extends Partial<KafkaModuleOptions> {
  readonly topics: Topics;
  readonly app?: AppName;
  readonly controllers?: readonly Type[];
}

export interface Booted {
  readonly app: INestApplication;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
}

/** An app with Kafka, health and metrics, started as far as it goes by itself. Quick time-outs; closed by who booted it. */
export async function boot({ controllers = [], ...options }: Fixture): Promise<Booted> {
  @Global()
  @Module({
    providers: [HealthRegistry, Metrics].map((kind) => ({ provide: kind, useFactory: () => new kind() })),
    exports: [HealthRegistry, Metrics],
  })
  class TelemetryModule {}

  @Module({
    imports: [
      TelemetryModule,
      KafkaModule.forRoot({
        connection: connectionTo(),
        enabled: true,
        consumerGroup: uniqueName('group'),
        consumer: {
          sessionTimeoutMs: 6_000,
          maxPollIntervalMs: 6_500,
          backoff: { minMs: 20, maxMs: 50 },
          lagIntervalMs: 250,
          metadataRefreshMs: 500,
        },
        ...options,
      }),
      KafkaModule.producer(PRODUCER, {
        name: 'test',
        compression: 'lz4',
        lingerMs: 1,
        deliveryTimeoutMs: 30_000,
        connectWaitMs: 30_000,
        maxQueuedRecords: 1_000,
        maxQueuedBytes: 1_000_000,
      }),
    ],
    controllers: [...controllers],
  })
  class AppModule {}

  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
  app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(BatchTransport) });
  await app.init();
  await app.startAllMicroservices();
  return { app, health: app.get(HealthRegistry), metrics: app.get(Metrics) };
}
