import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { countAnswers } from '@weir/nest-service';
import { Metrics } from '@weir/telemetry';
import type { FastifyInstance } from 'fastify';

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
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onSend', (request, reply, _payload, done) => {
      if (request.url.startsWith(API)) void reply.header('cache-control', 'no-store');
      done();
    });
    countAnswers(fastify, this.metrics, API, {
      requests: 'weir_query_requests_total',
      durations: 'weir_query_duration_seconds',
    });
  }
}
