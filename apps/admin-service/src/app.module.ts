import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { connectSchemaRegistry } from '@weir/avro';
import { KafkaAdmin } from '@weir/kafka';
import { KafkaMetrics, KafkaModule, registryMetrics } from '@weir/nest-kafka';
import { LOGGER, ServiceModule } from '@weir/nest-service';
import { OutboxPublishing } from '@weir/outbox';
import { openPool, poolUse } from '@weir/postgres';
import { HealthRegistry, type Logger, Metrics, watchPool } from '@weir/telemetry';
import { metricsDlq, tenants } from '@weir/topics';

import { OperatorAccess } from './access/operator-access.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditInterceptor } from './audit/audit.interceptor.js';
import { AuditLog } from './audit/audit-log.js';
import { AuditTrail } from './audit/audit-trail.js';
import { Refusals } from './audit/refusals.js';
import type { AdminConfig } from './config.js';
import { Database } from './database/database.js';
import { withOperatorKey } from './http/open-api.js';
import { Cluster } from './kafka/cluster.js';
import { kafkaControllers, kafkaProviders } from './kafka/kafka-providers.js';
import { made } from './made.js';
import { Lifecycle, LIFECYCLE_OPTIONS, type LifecycleOptions } from './lifecycle.js';
import { Messages } from './messages/messages.js';
import { recoveryControllers, recoveryProviders } from './replays/recovery-providers.js';
import { ClusterGauges } from './observation/cluster-gauges.js';
import { Observation } from './observation/observation.js';
import { RecoveryGauges } from './observation/recovery-gauges.js';
import { Operators } from './operators/operators.js';
import { OperatorsController } from './operators/operators.controller.js';
import { Republishing } from './tenants/republishing.js';
import { TenantKeys } from './tenants/tenant-keys.js';
import { TenantKeysController } from './tenants/tenant-keys.controller.js';
import { Tenants } from './tenants/tenants.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { TenantsTopic } from './tenants/tenants-topic.js';

const openApi = {
  description: 'What operators see and do. Every error is explained in docs/reference/errors.md.',
  extend: withOperatorKey,
};

/** admin-service: an operator's call → its database and the outbox, in one transaction → the topics that tell the others; and what these answer. */
@Module({})
export class AppModule {
  static forRoot(config: AdminConfig): DynamicModule {
    const { service, kafka, topics, database } = config;
    const { poolSize: maxConnections, ...connection } = database;
    const registry = connectSchemaRegistry(config.schemaRegistry);
    const { autoRegister } = config.schemaRegistry;
    const written = topics.of('admin-service').filter(({ writtenBy }) => writtenBy.includes('admin-service'));
    const relay = { databaseUrl: database.url, transactionalId: config.transactionalId, schema: 'admin' };
    const lifecycle: LifecycleOptions = { databaseUrl: database.url, registry, bootstrapKey: config.bootstrapKey };
    return {
      module: AppModule,
      imports: [
        ServiceModule.forApp(service, { openApi }), //                   health, /metrics, logs, problems, shutdown
        KafkaModule.forRoot({
          ...kafka,
          topics,
          app: 'admin-service', // its topics and their health
          consumerReadiness: false, // operators are answered while Kafka is away
        }),
      ],
      controllers: [
        OperatorsController,
        TenantsController,
        TenantKeysController,
        AuditController,
        ...recoveryControllers,
        ...kafkaControllers,
      ],
      providers: [
        {
          provide: Database,
          inject: [Metrics],
          useFactory: (metrics: Metrics) => {
            const pool = openPool({ ...connection, maxConnections, applicationName: 'weir admin-service' });
            watchPool(metrics, () => poolUse(pool));
            return new Database(pool);
          },
        },
        {
          provide: Messages,
          useFactory: () => new Messages(registry, { topics, autoRegister, source: service.name }),
        },
        made(AuditTrail, [Database, Messages]),
        made(AuditLog, [Database]),
        made(Operators, [Database, AuditTrail]),
        made(Tenants, [Database, Messages, AuditTrail]),
        made(TenantKeys, [Database, Tenants]),
        made(Republishing, [Database, Messages, AuditTrail]),
        {
          provide: TenantsTopic,
          inject: [Republishing, Messages, LOGGER],
          useFactory: (republishing: Republishing, messages: Messages, logger: Logger) =>
            new TenantsTopic(kafka.enabled ? new KafkaAdmin(kafka.connection) : null, republishing, messages, logger, {
              tenants: topics.resolved(tenants),
              written: written.map((topic) => topics.resolved(topic)),
            }),
        },
        Refusals,
        {
          provide: OutboxPublishing,
          inject: [Database, Messages, HealthRegistry, Metrics, LOGGER, KafkaMetrics],
          useFactory: (
            { pool }: Database,
            { outbox }: Messages,
            health: HealthRegistry,
            metrics: Metrics,
            logger: Logger,
            kafkaMetrics: KafkaMetrics,
          ) =>
            new OutboxPublishing(
              {
                connection: kafka.enabled ? kafka.connection : null,
                relay: { ...relay, observer: { producer: kafkaMetrics.producerObserver('outbox') } },
                backlog: () => outbox.backlog(pool),
              },
              { health, metrics, logger },
            ),
        },
        registryMetrics(registry),
        ...recoveryProviders(config, registry), //                       dead letters and replays
        ...kafkaProviders(config, registry), //                          topics, groups and schemas as they are
        {
          provide: ClusterGauges,
          inject: [Cluster, Metrics, LOGGER],
          useFactory: (cluster: Cluster, metrics: Metrics, logger: Logger) =>
            new ClusterGauges(
              cluster,
              metrics,
              logger,
              topics.all.map((topic) => topics.name(topic)),
            ),
        },
        {
          provide: RecoveryGauges,
          inject: [Database, Metrics, LOGGER],
          useFactory: (opened: Database, metrics: Metrics, logger: Logger) =>
            new RecoveryGauges(opened, metrics, logger, metricsDlq.retentionMs),
        },
        Observation, //                                                  what /metrics tells of both
        { provide: LIFECYCLE_OPTIONS, useValue: lifecycle },
        Lifecycle,
        { provide: APP_GUARD, useClass: OperatorAccess }, //             every route: who calls, and may they
        { provide: APP_INTERCEPTOR, useClass: AuditInterceptor }, //     every call: into the audit
      ],
    };
  }
}
