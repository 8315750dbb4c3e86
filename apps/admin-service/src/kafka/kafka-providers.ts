import type { Provider } from '@nestjs/common';
import type { SchemaCatalogue, SchemaRegistryClient } from '@weir/avro';
import { KafkaAdmin, LogReader } from '@weir/kafka';
import { KafkaMetrics } from '@weir/nest-kafka';

import { AuditTrail } from '../audit/audit-trail.js';
import type { AdminConfig } from '../config.js';
import { Database } from '../database/database.js';
import { RegistrySchemas } from '../diagnosis/registry-schemas.js';
import { made } from '../made.js';
import { Cluster } from './cluster.js';
import { ClusterTopics } from './cluster-topics.js';
import { ConsumerGroups } from './consumer-groups.js';
import { ConsumerGroupsController } from './consumer-groups.controller.js';
import { OffsetReset } from './offset-reset.js';
import { Peek } from './peek.js';
import { Schemas } from './schemas.js';
import { SchemasController } from './schemas.controller.js';
import { TopicsController } from './topics.controller.js';

/** How long one request to a broker may take: an operator is told within seconds that nobody answers. */
const REQUEST_TIMEOUT_MS = 4_000;
/** How long a partition may bring nothing before what was read is answered. */
const PATIENCE_MS = 3_000;

export const kafkaControllers = [TopicsController, ConsumerGroupsController, SchemasController];

/** What operators see of the brokers and of the schema registry, and the little that they change there. */
export function kafkaProviders(
  { kafka, topics }: AdminConfig,
  registry: SchemaCatalogue & SchemaRegistryClient,
): Provider[] {
  const own = topics.all.map((definition) => ({ definition, resolved: topics.resolved(definition) }));
  return [
    {
      provide: Cluster,
      inject: [KafkaMetrics],
      useFactory: (metrics: KafkaMetrics) => {
        const { connection, enabled } = kafka;
        if (!enabled) return new Cluster(null);
        const observer = metrics.adminObserver();
        const admin = new KafkaAdmin(connection, { timeoutMs: REQUEST_TIMEOUT_MS, observer });
        return new Cluster({ admin, log: new LogReader(connection, { name: 'peek', patienceMs: PATIENCE_MS }) });
      },
    },
    {
      provide: ClusterTopics,
      inject: [Cluster, Database, AuditTrail],
      useFactory: (cluster: Cluster, database: Database, trail: AuditTrail) =>
        new ClusterTopics(cluster, database, trail, own),
    },
    { provide: ConsumerGroups, inject: [Cluster], useFactory: (cluster: Cluster) => new ConsumerGroups(cluster) },
    made(OffsetReset, [Cluster, Database, AuditTrail]),
    made(Peek, [Cluster]),
    { provide: RegistrySchemas, useFactory: () => new RegistrySchemas(registry) },
    { provide: Schemas, useFactory: () => new Schemas(registry) },
  ];
}
