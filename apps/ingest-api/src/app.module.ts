import { type DynamicModule, Module } from '@nestjs/common';
import { connectSchemaRegistry } from '@weir/avro';
import { KafkaModule, registryMetrics } from '@weir/nest-kafka';
import { ServiceModule } from '@weir/nest-service';
import { TenantsModule } from '@weir/nest-tenancy';
import { metricsRaw, resolveTopics, tenants } from '@weir/topics';

import type { IngestApiConfig } from './config.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { openApi } from './metrics/open-api.js';
import { INGEST_PRODUCER } from './metrics/tokens.js';
import { SchemaRegistryModule } from './schemas/schema-registry.module.js';

/** ingest-api: a tenant's POST → `metrics.raw`, authenticated from the topic `tenants`. */
@Module({})
export class AppModule {
  static forRoot(config: IngestApiConfig): DynamicModule {
    const { kafka, producer } = config;
    const topics = resolveTopics({ prefix: kafka.topicPrefix, overrides: kafka.topicOverrides });
    const schemaRegistry = connectSchemaRegistry(config.schemaRegistry);
    return {
      module: AppModule,
      imports: [
        ServiceModule.forApp(config.service, { openApi }), //           health, /metrics, logs, problems, shutdown
        KafkaModule.forRoot({ ...kafka, topics, app: 'ingest-api' }), // ensures its topics
        KafkaModule.producer(INGEST_PRODUCER, {
          name: 'ingest',
          compression: kafka.compression,
          maxMessageBytes: metricsRaw.maxMessageBytes,
          ...producer,
        }),
        SchemaRegistryModule.forRoot(schemaRegistry),
        TenantsModule.forRoot({ kafka, schemaRegistry, topic: topics.name(tenants), maxAgeMs: config.tenantsMaxAgeMs }),
        MetricsModule.forRoot(config, topics), //                       POST /api/v1/metrics
      ],
      providers: [registryMetrics(schemaRegistry)],
    };
  }
}
