import { type DynamicModule, Module } from '@nestjs/common';
import { connectSchemaRegistry } from '@weir/avro';
import type { SchemaRegistryConfig } from '@weir/config';

/** The `SchemaRegistryClient`. */
export const SCHEMA_REGISTRY = Symbol('weir.schema-registry');

/** The schema registry, asked when first needed. */
@Module({})
export class SchemaRegistryModule {
  static forRoot(config: SchemaRegistryConfig): DynamicModule {
    return {
      module: SchemaRegistryModule,
      global: true,
      providers: [{ provide: SCHEMA_REGISTRY, useFactory: () => connectSchemaRegistry(config) }],
      exports: [SCHEMA_REGISTRY],
    };
  }
}
