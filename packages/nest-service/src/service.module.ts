import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { ServiceConfig } from '@weir/config';
import { createLogger, HealthRegistry, type Logger, Metrics, openTraces, Traces } from '@weir/telemetry';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';

import { DependencyGauges } from './health/dependency-gauges.js';
import { HealthController } from './health/health.controller.js';
import { OpenConnections } from './http/open-connections.js';
import { RequestsInFlight } from './http/requests-in-flight.js';
import { RouteTable } from './http/route-table.js';
import { LastCall } from './lifecycle/last-call.js';
import { NestLogger } from './logs/nest-logger.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { LOGGER, SERVICE_CONFIG, SERVICE_OPTIONS } from './tokens.js';

export interface ServiceOptions {
  readonly openApi?: {
    /** The service's name unless given. */
    readonly title?: string;
    readonly description?: string;
    /** Adds what decorators cannot describe: routes that are plain Fastify handlers. */
    readonly extend?: (document: OpenAPIObject) => OpenAPIObject;
  };
  /** Replaces the logger made from the configuration. */
  readonly logger?: Logger;
}

/**
 * What every process serves besides its work: health, /metrics, problems by RFC 9457, logs, OpenAPI.
 *
 * Global; injectable from it are `HealthRegistry`, `Metrics`, `Traces` (null where they are off),
 * `LastCall`, `LOGGER` (pino) and `SERVICE_CONFIG`. Each call makes metrics
 * and health of its own, so several apps may live in one process.
 */
@Module({})
export class ServiceModule {
  static forApp(config: ServiceConfig, options: ServiceOptions = {}): DynamicModule {
    const metrics = new Metrics();
    metrics.gauge('weir_build_info').set({ service: config.name, version: config.version }, 1);
    const lines = metrics.counter('weir_log_lines_total');
    const logger = options.logger ?? createLogger({ ...config, onLine: (level) => lines.inc({ level }) });
    return {
      module: ServiceModule,
      global: true,
      imports: [
        PrometheusModule.register({
          controller: MetricsController,
          defaultMetrics: { enabled: true, config: { register: metrics.registry } },
        }),
      ],
      controllers: [HealthController],
      providers: [
        { provide: SERVICE_CONFIG, useValue: config },
        { provide: SERVICE_OPTIONS, useValue: options },
        { provide: LOGGER, useValue: logger },
        { provide: NestLogger, useValue: new NestLogger(logger) },
        { provide: Metrics, useValue: metrics },
        { provide: Traces, useFactory: (): Promise<Traces | null> => openTraces(config.traces, config, logger) },
        { provide: HealthRegistry, useValue: new HealthRegistry() },
        { provide: APP_FILTER, useClass: ProblemFilter },
        RouteTable,
        RequestsInFlight,
        OpenConnections,
        LastCall,
        DependencyGauges,
      ],
      exports: [
        SERVICE_CONFIG,
        SERVICE_OPTIONS,
        LOGGER,
        NestLogger,
        Metrics,
        Traces,
        HealthRegistry,
        RouteTable,
        RequestsInFlight,
        OpenConnections,
        LastCall,
      ],
    };
  }
}
