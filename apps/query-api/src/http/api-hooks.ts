import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Metrics } from '@weir/telemetry';
import type { FastifyInstance } from 'fastify';

import { PROBLEMS } from './problems.js';

const API = '/api/';

/**
 * What holds for every answer of the API, refusals included: no cache may keep a tenant's data, and each is counted and timed.
 */
@Injectable()
export class ApiHooks implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const requests = this.metrics.counter('weir_query_requests_total');
    const durations = this.metrics.histogram('weir_query_duration_seconds');
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onSend', (request, reply, _payload, done) => {
      if (request.url.startsWith(API)) void reply.header('cache-control', 'no-store');
      done();
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      const route = request.routeOptions.url; // the pattern, and not what was asked: a bounded label
      // `onResponse` would not come where the caller hung up.
      if (route?.startsWith(API) === true)
        reply.raw.once('close', () => {
          const status = reply.raw.writableFinished ? reply.statusCode : PROBLEMS.caller_gone.status;
          requests.inc({ route, status: String(status) });
          durations.observe({ route }, reply.elapsedTime / 1_000);
        });
      done();
    });
  }
}
