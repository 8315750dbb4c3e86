import { type DynamicModule, Module } from '@nestjs/common';
import { connectSchemaRegistry } from '@weir/avro';
import { MetricsReader } from '@weir/metrics-store';
import { KafkaModule, registryMetrics } from '@weir/nest-kafka';
import { ServiceModule } from '@weir/nest-service';
import { TenantsModule } from '@weir/nest-tenancy';
import { HealthRegistry, Metrics, Traces, watchPool } from '@weir/telemetry';
import { tenants } from '@weir/topics';

import { KAFKA_ENABLED } from './access/query-access.js';
import { Turns } from './access/turns.js';
import type { QueryApiConfig } from './config.js';
import { ApiHooks } from './http/api-hooks.js';
import { CatalogController } from './queries/catalog.controller.js';
import { MetricsController } from './queries/metrics.controller.js';
import { StoreReading } from './store/store-reading.js';
import { TracedReader } from './store/traced-reader.js';

const openApi = {
  description: "Answers questions about a tenant's metrics. Every error is explained in docs/reference/errors.md.",
};

/** query-api: a tenant's question → the store, read-only; who may ask comes from the topic `tenants`. */
@Module({})
export class AppModule {
  static forRoot(config: QueryApiConfig): DynamicModule {
    const { kafka, topics } = config;
    const schemaRegistry = connectSchemaRegistry(config.schemaRegistry);
    return {
      module: AppModule,
      imports: [
        ServiceModule.forApp(config.service, { openApi }), //          health, /metrics, logs, problems, shutdown
        KafkaModule.forRoot({ ...kafka, topics, app: 'query-api' }), // its topics and their health
        TenantsModule.forRoot({
          kafka,
          schemaRegistry,
          topic: topics.name(tenants),
          maxAgeMs: config.tenantsMaxAgeMs,
        }),
      ],
      controllers: [MetricsController, CatalogController],
      providers: [
        {
          provide: MetricsReader,
          inject: [Metrics, Traces],
          useFactory: (metrics: Metrics, traces: Traces | null) => {
            const options = [config.store, config.budget] as const;
            const reader = traces === null ? new MetricsReader(...options) : new TracedReader(traces, ...options);
            watchPool(metrics, () => reader.poolUse);
            return reader;
          },
        },
        {
          provide: StoreReading,
          inject: [MetricsReader, HealthRegistry],
          useFactory: (reader: MetricsReader, health: HealthRegistry) => new StoreReading(reader, health),
        },
        { provide: Turns, useFactory: () => new Turns(config.turns) },
        { provide: KAFKA_ENABLED, useValue: kafka.enabled },
        ApiHooks,
        registryMetrics(schemaRegistry),
      ],
    };
  }
}
