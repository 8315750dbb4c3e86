import { type DynamicModule, Module } from '@nestjs/common';
import { MetricEventEncoder, type SchemaRegistryClient, subjects } from '@weir/avro';
import type { RecordProducer } from '@weir/kafka';
import { LastCall } from '@weir/nest-service';
import { HealthRegistry, Metrics, Traces } from '@weir/telemetry';
import { TenantsView } from '@weir/tenancy';
import { metricsRaw, type Topics } from '@weir/topics';

import type { IngestApiConfig } from '../config.js';
import { ActiveSeries } from '../limits/active-series.js';
import { LimitsModule } from '../limits/limits.module.js';
import { TenantQuotas } from '../limits/tenant-quotas.js';
import { SCHEMA_REGISTRY } from '../schemas/schema-registry.module.js';
import { Admission } from './admission.js';
import { IngestMetrics } from './ingest-metrics.js';
import { IngestPipeline } from './ingest-pipeline.js';
import { MetricRecords } from './metric-records.js';
import { MetricsLifecycle } from './metrics-lifecycle.js';
import { MetricsPublisher } from './metrics-publisher.js';
import { INGEST_PRODUCER, KAFKA_ENABLED } from './tokens.js';

/** `POST /api/v1/metrics`, from the request to the acknowledged records. */
@Module({})
export class MetricsModule {
  static forRoot(
    { service, kafka, schemaRegistry, schemaVersion, limits, quotas }: IngestApiConfig,
    topics: Topics,
  ): DynamicModule {
    return {
      module: MetricsModule,
      imports: [LimitsModule.forRoot(quotas)], //     how much each tenant may send
      providers: [
        {
          provide: Admission,
          useFactory: () =>
            new Admission({
              maxRequests: limits.maxInFlightRequests,
              maxBytes: limits.maxInFlightBytes,
              tenantShare: limits.tenantInFlightShare,
            }),
        },
        {
          provide: MetricRecords,
          inject: [SCHEMA_REGISTRY],
          useFactory: (registry: SchemaRegistryClient) =>
            new MetricRecords(
              new MetricEventEncoder(registry, {
                subject: subjects.metricsRaw.subject,
                autoRegister: schemaRegistry.autoRegister,
              }),
              { topic: topics.name(metricsRaw), version: schemaVersion, source: service.name },
            ),
        },
        {
          provide: MetricsPublisher,
          inject: [MetricRecords, INGEST_PRODUCER],
          useFactory: (records: MetricRecords, producer: RecordProducer) => new MetricsPublisher(records, producer),
        },
        {
          provide: IngestPipeline,
          inject: [HealthRegistry, LastCall, TenantsView, Admission, TenantQuotas, MetricsPublisher, Traces],
          useFactory: (
            health: HealthRegistry,
            lastCall: LastCall,
            view: TenantsView,
            admission: Admission,
            tenantQuotas: TenantQuotas,
            publisher: MetricsPublisher,
            traces: Traces | null,
          ) => {
            const closed = () => {
              if (!kafka.enabled) return 'kafka_disabled';
              return health.isShuttingDown ? 'shutting_down' : null;
            };
            const door = { closed, ending: lastCall.signal };
            return new IngestPipeline(door, view, admission, tenantQuotas, publisher, limits, traces);
          },
        },
        {
          provide: IngestMetrics,
          inject: [Metrics, Admission, IngestPipeline, ActiveSeries, TenantQuotas],
          useFactory: (
            metrics: Metrics,
            admission: Admission,
            pipeline: IngestPipeline,
            series: ActiveSeries,
            tenantQuotas: TenantQuotas,
          ) => new IngestMetrics(metrics, { admission, pipeline, series, quotas: tenantQuotas }),
        },
        { provide: KAFKA_ENABLED, useValue: kafka.enabled },
        MetricsLifecycle,
      ],
    };
  }
}
