import { type DynamicModule, Module } from '@nestjs/common';
import type { SchemaRegistryClient } from '@weir/avro';

/** The `SchemaRegistryClient`. */
export const SCHEMA_REGISTRY = Symbol('weir.schema-registry');

/** The schema registry's one client in this process. */
@Module({})
export class SchemaRegistryModule {
  static forRoot(client: SchemaRegistryClient): DynamicModule {
    return {
      module: SchemaRegistryModule,
      global: true,
      providers: [{ provide: SCHEMA_REGISTRY, useValue: client }],
      exports: [SCHEMA_REGISTRY],
    };
  }
}
