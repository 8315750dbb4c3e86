import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaAdmin, type KafkaConnection } from '@weir/kafka';
import { HealthRegistry, Metrics } from '@weir/telemetry';

import type { BreakerConfig } from './breaker.config.js';
import { BreakerController } from './breaker.controller.js';
import { BreakerService } from './breaker.service.js';
import { RedisBreakerStore } from './redis-breaker-store.js';

export interface BreakerModuleOptions extends BreakerConfig {
  readonly connection: KafkaConnection;
  readonly consumerGroup: string;
  /** `metrics.raw`, as this installation calls it. */
  readonly topic: string;
}

/** When the consumer takes nothing, who else knows of it, and how an operator lets it go on. */
@Module({})
export class BreakerModule {
  static forRoot(config: BreakerModuleOptions): DynamicModule {
    const { connection, consumerGroup, options, redisUrl, topic } = config;
    return {
      module: BreakerModule,
      controllers: [BreakerController],
      providers: [
        {
          provide: BreakerService,
          inject: [HealthRegistry, Metrics],
          useFactory: (health: HealthRegistry, metrics: Metrics) =>
            new BreakerService(
              { ...options, topic },
              redisUrl === null ? null : new RedisBreakerStore(redisUrl, consumerGroup),
              new KafkaAdmin(connection),
              health,
              metrics,
            ),
        },
      ],
      exports: [BreakerService],
    };
  }
}
