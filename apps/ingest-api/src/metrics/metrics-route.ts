import { problemOf, sendProblem } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';

import type { IngestMetrics } from './ingest-metrics.js';
import type { IngestPipeline } from './ingest-pipeline.js';
import { MEDIA_TYPES } from './payload-format.js';
import { RequestRefused } from './problems.js';
import { discardRest } from './read-body.js';

export const METRICS_PATH = '/api/v1/metrics';

export interface MetricsRouteOptions {
  readonly pipeline: IngestPipeline;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
}

/**
 * `POST /api/v1/metrics` as a plain Fastify handler, in a scope of its own: Nest's pipeline costs several times what the work
 * does, and its error handling would log a stack for every bad body.
 */
export function metricsRoute(options: MetricsRouteOptions): FastifyPluginCallback {
  const { pipeline, metrics } = options;
  return (scope: FastifyInstance, _options, registered) => {
    // Nothing reads the body before the pipeline does, which authenticates first.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser([...MEDIA_TYPES, '*'], (_request, _body, done) => done(null));
    scope.setErrorHandler((error, request, reply) => refuse(error, request, reply, options));
    scope.addHook('onResponse', (_request, reply, done) => {
      metrics.answered(reply.statusCode, reply.elapsedTime / 1000);
      done();
    });
    scope.post(METRICS_PATH, async (request, reply) => {
      const taken = await pipeline.take(request.raw, request.id);
      metrics.taken(taken);
      const { accepted, rejected } = taken;
      void reply.header('content-type', JSON_CONTENT_TYPE);
      return rejected.length === 0
        ? reply.code(202).send(`{"accepted":${accepted}}`)
        : reply.code(207).send(JSON.stringify({ accepted, rejected }));
    });
    registered();
  };
}

const JSON_CONTENT_TYPE = 'application/json; charset=utf-8';

function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { metrics, logger }: MetricsRouteOptions,
): FastifyReply {
  discardRest(request.raw);
  if (!(error instanceof RequestRefused)) {
    const problem = problemOf(error);
    if (problem.status >= 500) logger.error({ error, correlation_id: request.id }, 'A request failed that should not');
    metrics.refusedWhole(problem.code);
    return sendProblem(reply, problem);
  }
  const { code, message: detail, rejected, problem, retryAfterSeconds, tenantId } = error;
  metrics.refusedWhole(code);
  metrics.rejected(rejected, tenantId);
  if (tenantId !== null) metrics.tenantRefused(tenantId, code);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="weir"'); // RFC 9110, section 15.5.2
  if (code === 'unsupported_encoding') void reply.header('accept-encoding', 'gzip, identity'); // RFC 9110, section 12.5.3
  const { status, title } = problem;
  return sendProblem(reply, {
    status,
    code,
    title,
    detail,
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
    ...(rejected.length === 0 ? {} : { accepted: 0, rejected }),
  });
}
