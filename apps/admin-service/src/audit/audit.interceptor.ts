import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { LOGGER, problemOf } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';
import type { FastifyRequest } from 'fastify';
import { catchError, mergeMap, type Observable } from 'rxjs';

import { type Call, callOf } from '../access/call.js';
import { AuditTrail, UNCHANGED } from './audit-trail.js';

/**
 * Sees to it that every call is in the audit: what only looked, before it is answered, and what was refused or failed.
 *
 * Where a call that looked cannot be written down it is not answered.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly trail: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const call = callOf(request);
    if (call === null) return next.handle();
    const target = targetOf(request.params);
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        if (!call.recorded)
          await this.trail.note({ ...call, ...UNCHANGED, target, result: 'ok', status: call.successStatus });
        call.recorded = true; // an answer that comes in parts is one
        return answer;
      }),
      catchError(async (error: unknown) => {
        await this.failed(call, target, error);
        throw error;
      }),
    );
  }

  private async failed(call: Call, target: string | null, error: unknown): Promise<void> {
    const { code, status } = problemOf(error);
    try {
      await this.trail.note({ ...call, ...UNCHANGED, target, result: code, status });
    } catch (unwritten) {
      // The caller is told what went wrong first, and not this.
      const { action, actor, origin } = call;
      this.logger.warn({ error: unwritten, action, actor: actor.id, origin, code }, 'A call could not be audited');
    }
  }
}

/** What the path names: `tenants/acme/keys/1f` → `acme/1f`. */
function targetOf(params: unknown): string | null {
  const parts = typeof params === 'object' && params !== null ? Object.values(params).map(String) : [];
  return parts.length === 0 ? null : parts.join('/').slice(0, 200);
}
