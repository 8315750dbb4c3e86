import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { DynamicModule, Type } from '@nestjs/common';
import type { ServiceConfig } from '@weir/config';
import { HealthRegistry, type Logger, Traces } from '@weir/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { createAdapter, type ServerLimits } from '../http/adapter.js';
import { OpenConnections } from '../http/open-connections.js';
import { isWithoutHost, NO_HOST, refuseExpectation } from '../http/requirements.js';
import { traceRequests } from '../http/request-spans.js';
import { RequestsInFlight } from '../http/requests-in-flight.js';
import { RouteTable } from '../http/route-table.js';
import { NestLogger } from '../logs/nest-logger.js';
import { sendProblem } from '../problems/problem.js';
import type { ServiceOptions } from '../service.module.js';
import { LOGGER, SERVICE_OPTIONS } from '../tokens.js';

export interface CreateOptions extends ServerLimits {
  /**
   * Runs once everything can be injected and before any route of Nest is registered: the place for
   * `app.connectMicroservice({ strategy: app.get(BatchTransport) })` and for plain Fastify routes.
   */
  readonly configure?: (app: NestFastifyApplication) => void | Promise<void>;
}

/**
 * Builds an app whose module imports `ServiceModule.forApp`. Nothing listens or works yet: `startService` or `runService`
 * does that. Rejects where the module cannot be wired; nothing is printed or ended then.
 */
export async function createService(
  module: DynamicModule | Type,
  config: ServiceConfig,
  { configure, ...limits }: CreateOptions = {},
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(module, createAdapter(limits), {
    abortOnError: false,
    bufferLogs: true,
  });
  app.useLogger(app.get(NestLogger));
  watchRequests(app);
  await configure?.(app);
  serveOpenApi(app, config);
  return app;
}

/** Hooks of every request, plain Fastify routes included. */
function watchRequests(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const health = app.get(HealthRegistry);
  const logger = app.get<Logger>(LOGGER);
  app.get(RouteTable).watch(fastify);
  app.get(RequestsInFlight).watch(fastify);
  app.get(OpenConnections).watch(fastify.server);
  const traces = app.get<Traces | null>(Traces);
  if (traces !== null) traceRequests(fastify, traces);
  fastify.server.on('checkExpectation', refuseExpectation);
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-correlation-id', request.id);
    if (isWithoutHost(request.raw)) void sendProblem(reply, NO_HOST);
    else done();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (health.isShuttingDown) void reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    if (logger.isLevelEnabled('debug')) logger.debug(answered(request, reply), 'answered');
    done();
  });
}

const answered = (request: FastifyRequest, reply: FastifyReply): object => ({
  correlation_id: request.id,
  method: request.method,
  path: request.routeOptions.url,
  status: reply.statusCode,
  duration_ms: Math.round(reply.elapsedTime),
});

function serveOpenApi(app: NestFastifyApplication, config: ServiceConfig): void {
  const { openApi = {} } = app.get<ServiceOptions>(SERVICE_OPTIONS);
  const description = new DocumentBuilder()
    .setTitle(openApi.title ?? config.name)
    .setDescription(openApi.description ?? '')
    .setVersion(config.version)
    .addSecurity('api-key', { type: 'apiKey', in: 'header', name: 'X-API-Key' })
    .build();
  const document = () => {
    const made = SwaggerModule.createDocument(app, description);
    return openApi.extend?.(made) ?? made;
  };
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json' });
}
