import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The requests that are being answered; a shutdown that takes too long names them. */
@Injectable()
export class RequestsInFlight {
  private readonly since = new Map<FastifyRequest, number>();

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      this.since.set(request, performance.now());
      request.raw.once('close', () => this.since.delete(request)); // also where the caller went away
      done();
    });
    fastify.addHook('onResponse', (request, _reply, done) => {
      this.since.delete(request);
      done();
    });
  }

  get count(): number {
    return this.since.size;
  }

  /** At most ten, such as "POST /api/v1/metrics for 12.3 s". */
  describe(): readonly string[] {
    return [...this.since].slice(0, 10).map(([request, since]) => {
      const seconds = ((performance.now() - since) / 1_000).toFixed(1);
      return `${request.method} ${request.routeOptions.url ?? 'unknown path'} for ${seconds} s`;
    });
  }
}
