import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { QueryBudgetError, StoreUnavailableError, ValidationError } from '@weir/errors';
import { sendProblem } from '@weir/nest-service';
import type { FastifyReply } from 'fastify';

import { problemOf, QueryRefusal } from './problems.js';

/** RFC 9110, section 11.6.1: a 401 says how to authenticate. */
const CHALLENGE = 'Bearer realm="weir"';

/** Answers what a caller can cause, and a store that is away, in this API's own words. The rest is ServiceModule's. */
@Catch(QueryRefusal, ValidationError, QueryBudgetError, StoreUnavailableError)
export class QueryProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Queries');

  catch(error: QueryRefusal | ValidationError | QueryBudgetError | StoreUnavailableError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = problemOf(error);
    if (problem.status === 401) void reply.header('www-authenticate', CHALLENGE);
    // The caller is told nothing of why; a missing right or an unmigrated database would be looked for in vain.
    if (error instanceof StoreUnavailableError)
      this.logger.warn(`No answer from the store for ${reply.request.id}: ${error.message}`);
    void sendProblem(reply, problem);
  }
}
