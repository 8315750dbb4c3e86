import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaModule } from '@weir/nest-kafka';
import { ServiceModule } from '@weir/nest-service';
import { metricsRaw, resolveTopics } from '@weir/topics';

import type { IngestApiConfig } from './config.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { openApi } from './metrics/open-api.js';
import { INGEST_PRODUCER } from './metrics/tokens.js';
import { SchemaRegistryModule } from './schemas/schema-registry.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

/** ingest-api: a tenant's POST → `metrics.raw`, authenticated from the topic `tenants`. */
@Module({})
export class AppModule {
  static forRoot(config: IngestApiConfig): DynamicModule {
    const { kafka, producer } = config;
    const topics = resolveTopics({ prefix: kafka.topicPrefix, overrides: kafka.topicOverrides });
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
        SchemaRegistryModule.forRoot(config.schemaRegistry),
        TenantsModule.forRoot(config, topics), //                       who may send, in memory
        MetricsModule.forRoot(config, topics), //                       POST /api/v1/metrics
      ],
    };
  }
}
