import { type DynamicModule, Module } from '@nestjs/common';
import { connectSchemaRegistry, type SchemaRegistryConnection } from '@weir/avro';
import type { KafkaConnection } from '@weir/kafka';
import { HealthRegistry, Metrics } from '@weir/telemetry';
import { TenantsFeed, TenantsView } from '@weir/tenancy';

import { TenantsLifecycle } from './tenants-lifecycle.js';

export interface TenantsModuleOptions {
  readonly kafka: { readonly enabled: boolean; readonly connection: KafkaConnection };
  readonly schemaRegistry: SchemaRegistryConnection;
  /** `tenants`, as this installation calls it. */
  readonly topic: string;
  /** How long keys are accepted while nothing is heard of the topic, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Tenants and their keys, kept in memory from the topic `tenants`; exports `TenantsView`. */
@Module({})
export class TenantsModule {
  static forRoot({ kafka, schemaRegistry, topic, maxAgeMs }: TenantsModuleOptions): DynamicModule {
    return {
      module: TenantsModule,
      global: true,
      providers: [
        { provide: TenantsView, useFactory: () => new TenantsView({ maxAgeMs }) },
        {
          provide: TenantsLifecycle,
          inject: [TenantsView, HealthRegistry, Metrics],
          useFactory: (view: TenantsView, health: HealthRegistry, metrics: Metrics) =>
            new TenantsLifecycle(view, health, metrics, (observer) =>
              kafka.enabled
                ? new TenantsFeed(kafka.connection, connectSchemaRegistry(schemaRegistry), view, { topic, observer })
                : null,
            ),
        },
      ],
      exports: [TenantsView],
    };
  }
}
