import type { OnModuleInit } from '@nestjs/common';
import { connectSchemaRegistry, type SchemaRegistryClient, type SchemaRegistryConnection } from '@weir/avro';
import type { HealthRegistry } from '@weir/telemetry';

/**
 * The schema registry and its health. It may be down: what was written with schemas that are known already goes on, so it
 * degrades this process and does not stop it; a batch that needs it waits and says so by itself.
 */
export class SchemaRegistry implements OnModuleInit {
  readonly client: SchemaRegistryClient;

  constructor(
    connection: SchemaRegistryConnection,
    private readonly health: HealthRegistry,
  ) {
    this.client = connectSchemaRegistry(connection);
  }

  onModuleInit(): void {
    this.health.register({
      name: 'schema-registry',
      readiness: false,
      check: async () => {
        await this.client.ping();
        return { status: 'healthy' };
      },
    });
  }
}
