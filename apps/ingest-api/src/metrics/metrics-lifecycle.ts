import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { SchemaRegistryClient } from '@weir/avro';
import { classify } from '@weir/errors';
import type { RecordProducer } from '@weir/kafka';
import { LastCall, LOGGER } from '@weir/nest-service';
import { type CheckResult, HealthRegistry, type Logger } from '@weir/telemetry';
import type { FastifyInstance } from 'fastify';

import { SCHEMA_REGISTRY } from '../schemas/schema-registry.module.js';
import { IngestMetrics } from './ingest-metrics.js';
import { IngestPipeline } from './ingest-pipeline.js';
import { MetricRecords } from './metric-records.js';
import { metricsRoute } from './metrics-route.js';
import { INGEST_PRODUCER, KAFKA_ENABLED } from './tokens.js';

/** Puts the route in its place, learns the schema's id, and tells health whether requests can be taken in. */
@Injectable()
export class MetricsLifecycle implements OnModuleInit, OnApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(KAFKA_ENABLED) private readonly kafkaEnabled: boolean,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
    @Inject(SCHEMA_REGISTRY) private readonly registry: SchemaRegistryClient,
    @Inject(INGEST_PRODUCER) private readonly producer: RecordProducer,
    @Inject(MetricRecords) private readonly records: MetricRecords,
    @Inject(IngestPipeline) private readonly pipeline: IngestPipeline,
    @Inject(IngestMetrics) private readonly metrics: IngestMetrics,
    @Inject(LastCall) private readonly lastCall: LastCall,
  ) {}

  onModuleInit(): void {
    const { pipeline, metrics, logger } = this;
    const fastify: FastifyInstance = this.adapterHost.httpAdapter.getInstance();
    void fastify.register(metricsRoute({ pipeline, metrics, logger }));
    if (!this.kafkaEnabled) return;
    this.health.register({ name: 'producer', readiness: true, check: () => this.checkProducer() });
    this.health.register({ name: 'schema-registry', readiness: true, check: () => this.checkRegistry() });
    // What Kafka has not acknowledged by then is answered `delivery_unknown`, while there is still time to answer.
    this.lastCall.signal.addEventListener('abort', () => void this.producer.close(0));
    void this.learnSchemaId();
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** Waits for a registry that is away for as long as it takes; the app is not ready meanwhile. */
  private async learnSchemaId(): Promise<void> {
    try {
      await this.records.warmUp(this.stopping.signal);
    } catch (thrown) {
      if (this.stopping.signal.aborted) return;
      const error = classify(thrown);
      this.logger.fatal({ error }, 'The schema of metrics.raw cannot be used; nothing can be taken in');
    }
  }

  private checkProducer(): CheckResult {
    const { state, queue, lanes, refusal } = this.producer;
    const why = refusal === null ? {} : { code: refusal.code, error: refusal.why };
    return { status: state === 'ready' ? 'healthy' : 'unhealthy', ...why, state, queue, lanes };
  }

  /** Without the registry what is known goes on working; without the schema's id nothing does. */
  private async checkRegistry(): Promise<CheckResult> {
    const schema = this.records.ready ? 'known' : 'unknown';
    try {
      await this.registry.ping();
    } catch (thrown) {
      const { code, message } = classify(thrown);
      return { status: schema === 'known' ? 'degraded' : 'unhealthy', schema, code, error: message };
    }
    return { status: schema === 'known' ? 'healthy' : 'unhealthy', schema };
  }
}
