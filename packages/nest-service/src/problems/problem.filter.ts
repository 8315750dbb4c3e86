import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from '@weir/telemetry';

import { RouteTable } from '../http/route-table.js';
import { LOGGER } from '../tokens.js';
import { problemOf } from './problem-of.js';
import { sendProblem } from './problem.js';

/** Makes every error of every route, and of no route, an answer by RFC 9457. Only what nobody foresaw is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(RouteTable) private readonly routes: RouteTable,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw thrown;
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { request } = reply;
    const problem = request.is404 ? this.routes.problemFor(request.method, request.url) : problemOf(thrown);
    if (problem.status === 500)
      this.logger.error(
        { error: thrown, correlation_id: request.id, method: request.method, path: request.routeOptions.url },
        'A request failed for a reason that nobody foresaw',
      );
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy(); // half an answer must not look like a whole one
      return;
    }
    if ('allow' in problem) void reply.header('allow', problem['allow']);
    void sendProblem(reply, problem);
  }
}
