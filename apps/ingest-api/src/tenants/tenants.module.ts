import { type DynamicModule, Module } from '@nestjs/common';
import type { SchemaRegistryClient } from '@weir/avro';
import { TenantsFeed, TenantsView } from '@weir/tenancy';
import { tenants, type Topics } from '@weir/topics';

import type { IngestApiConfig } from '../config.js';
import { SCHEMA_REGISTRY } from '../schemas/schema-registry.module.js';
import { TenantsObserver } from './tenants-observer.js';
import { TenantsLifecycle } from './tenants-lifecycle.js';

/** Tenants and their keys, in memory; exports `TenantsView`. */
@Module({})
export class TenantsModule {
  static forRoot({ kafka, tenantsMaxAgeMs }: IngestApiConfig, topics: Topics): DynamicModule {
    return {
      module: TenantsModule,
      global: true,
      providers: [
        { provide: TenantsView, useFactory: () => new TenantsView({ maxAgeMs: tenantsMaxAgeMs }) },
        TenantsObserver,
        {
          provide: TenantsFeed,
          inject: [SCHEMA_REGISTRY, TenantsView, TenantsObserver],
          useFactory: (registry: SchemaRegistryClient, view: TenantsView, observer: TenantsObserver) =>
            kafka.enabled
              ? new TenantsFeed(kafka.connection, registry, view, { topic: topics.name(tenants), observer })
              : null,
        },
        TenantsLifecycle,
      ],
      exports: [TenantsView],
    };
  }
}
