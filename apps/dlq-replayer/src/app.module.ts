import { type DynamicModule, Global, Module } from '@nestjs/common';
import { KafkaModule, SchemaRegistry } from '@weir/nest-kafka';
import { ServiceModule } from '@weir/nest-service';
import { HealthRegistry, Metrics } from '@weir/telemetry';

import type { ReplayerConfig } from './config.js';
import { ReplaysModule } from './replays/replays.module.js';

@Global()
@Module({})
class SchemasModule {
  static forRoot({ schemaRegistry }: ReplayerConfig): DynamicModule {
    return {
      module: SchemasModule,
      providers: [
        {
          provide: SchemaRegistry,
          inject: [HealthRegistry, Metrics],
          useFactory: (health: HealthRegistry, metrics: Metrics) => new SchemaRegistry(schemaRegistry, health, metrics),
        },
      ],
      exports: [SchemaRegistry],
    };
  }
}

/** dlq.replay.commands + metrics.dlq → metrics.raw + dlq.replay.events. */
@Module({})
export class AppModule {
  static forRoot(config: ReplayerConfig): DynamicModule {
    const { service, kafka, topics, replaying } = config;
    return {
      module: AppModule,
      imports: [
        ServiceModule.forApp(service, { openApi: { description: 'Publishes dead letters back, each exactly once.' } }),
        KafkaModule.forRoot({
          ...kafka,
          topics,
          app: 'dlq-replayer',
          consumer: { backoff: { minMs: 200, maxMs: replaying.retryMaxDelayMs } },
        }),
        SchemasModule.forRoot(config),
        ReplaysModule.forRoot(config),
      ],
    };
  }
}
