import { type DynamicModule, Module } from '@nestjs/common';
import type { SchemaRegistryClient } from '@weir/avro';
import type { KafkaConnection } from '@weir/kafka';
import { TenantsFeed, TenantsView } from '@weir/tenancy';

import { TenantsLifecycle } from './tenants-lifecycle.js';
import { TenantsObserver } from './tenants-observer.js';

export interface TenantsModuleOptions {
  /** Not `enabled`: no client is made, and the view knows nobody. */
  readonly kafka: { readonly enabled: boolean; readonly connection: KafkaConnection };
  /** Asked for each schema once; may be one that the app uses besides. */
  readonly schemaRegistry: SchemaRegistryClient;
  /** `tenants`, as this installation calls it. */
  readonly topic: string;
  /** `TENANTS_MAX_AGE`: how long keys are accepted while nothing is heard of the topic, in milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Tenants and their keys, kept in memory from the topic `tenants` while the app lives. Global; injectable from it is `TenantsView`.
 * Needs `ServiceModule.forApp` of @weir/nest-service, which it tells how the view is.
 */
@Module({})
export class TenantsModule {
  static forRoot({ kafka, schemaRegistry, topic, maxAgeMs }: TenantsModuleOptions): DynamicModule {
    return {
      module: TenantsModule,
      global: true,
      providers: [
        { provide: TenantsView, useFactory: () => new TenantsView({ maxAgeMs }) },
        TenantsObserver,
        {
          provide: TenantsFeed,
          inject: [TenantsView, TenantsObserver],
          useFactory: (view: TenantsView, observer: TenantsObserver) =>
            kafka.enabled ? new TenantsFeed(kafka.connection, schemaRegistry, view, { topic, observer }) : null,
        },
        TenantsLifecycle,
      ],
      exports: [TenantsView],
    };
  }
}
