import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { QueryBudgetError, StoreUnavailableError, ValidationError } from '@weir/errors';
import { sendProblem } from '@weir/nest-service';
import type { FastifyReply } from 'fastify';

import { problemOf, QueryRefusal } from './problems.js';

/** Answers what a caller can cause, and a store that is away, in this API's own words. The rest is ServiceModule's. */
@Catch(QueryRefusal, ValidationError, QueryBudgetError, StoreUnavailableError)
export class QueryProblemFilter implements ExceptionFilter {
  catch(error: QueryRefusal | ValidationError | QueryBudgetError | StoreUnavailableError, host: ArgumentsHost): void {
    void sendProblem(host.switchToHttp().getResponse<FastifyReply>(), problemOf(error));
  }
}
