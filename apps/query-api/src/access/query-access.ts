import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { hasScope, presentedKey, TenantsView } from '@weir/tenancy';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type ProblemCode, QueryRefusal } from '../http/problems.js';
import type { Asker } from '../queries/questions.js';

/** Whether keys can be known at all: a boolean. */
export const KAFKA_ENABLED = Symbol('KAFKA_ENABLED');

const askers = new WeakMap<FastifyRequest, Asker>();

/**
 * Lets a request pass only with a live key of an active tenant that may query, and keeps whose it is.
 *
 * A key that cannot be judged at the moment gets 503 and never 401: a client would throw it away.
 */
@Injectable()
export class QueryAccess implements CanActivate {
  constructor(
    private readonly tenants: TenantsView,
    @Inject(KAFKA_ENABLED) private readonly kafkaEnabled: boolean,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const nowMs = Date.now();
    const key = presentedKey(request.headers, 'x-api-key');
    if (key === null) throw new QueryRefusal('api_key_missing');
    if (!this.kafkaEnabled) throw new QueryRefusal('kafka_disabled');
    const verdict = this.tenants.authenticate(key, nowMs);
    if (verdict.kind !== 'ok') throw new QueryRefusal(REFUSALS[verdict.kind]);
    if (!hasScope(verdict.key, 'query')) throw new QueryRefusal('scope_missing');
    askers.set(request, { tenantId: verdict.tenant.id, nowMs, signal: hangUpOf(http.getResponse<FastifyReply>()) });
    return true;
  }
}

const REFUSALS = {
  unknown: 'api_key_invalid',
  revoked: 'api_key_revoked',
  expired: 'api_key_expired',
  suspended: 'tenant_suspended',
  unavailable: 'tenants_unavailable',
} as const satisfies Record<string, ProblemCode>;

/** Is aborted where the connection goes before the answer is written. */
function hangUpOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) controller.abort(new QueryRefusal('caller_gone'));
  });
  return controller.signal;
}

/** The tenant that `QueryAccess` let pass, as a controller's parameter. */
export const AskedBy = createParamDecorator((_data: unknown, context: ExecutionContext): Asker => {
  const asker = askers.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (asker === undefined) throw new QueryRefusal('api_key_missing');
  return asker;
});
