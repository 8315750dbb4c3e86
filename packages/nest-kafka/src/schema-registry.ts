import type { OnModuleInit } from '@nestjs/common';
import {
  connectSchemaRegistry,
  type ObservableRegistry,
  type SchemaRegistryClient,
  type SchemaRegistryConnection,
} from '@weir/avro';
import type { HealthRegistry, Metrics } from '@weir/telemetry';

import { countRequests } from './registry-metrics.js';

/**
 * The schema registry and its health. It may be down: what was written with schemas that are known already goes on, so it
 * degrades this process and does not stop it; a batch that needs it waits and says so by itself.
 */
export class SchemaRegistry implements OnModuleInit {
  readonly client: SchemaRegistryClient & ObservableRegistry;

  constructor(
    connection: SchemaRegistryConnection,
    private readonly health: HealthRegistry,
    metrics: Metrics,
  ) {
    this.client = connectSchemaRegistry(connection);
    countRequests(this.client, metrics);
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
