import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';

import { Lifecycle } from '../lifecycle.js';
import { AdminRefusal, type RefusalCode } from '../http/problems.js';
import { Operators } from '../operators/operators.js';
import { Refusals } from '../audit/refusals.js';
import { ALLOWED, type Allowed } from './allows.js';
import { type Actor, originOf, rememberCall } from './call.js';
import { atLeast, type Role } from './roles.js';

const API = '/api/';
const BEARER = /^Bearer +(\S+) *$/i;
/** RFC 9110, section 11.6.1: a 401 says how to authenticate. */
const CHALLENGE = 'Bearer realm="weir-admin"';
const NOBODY: Actor = { id: 'anonymous', name: '', role: '' };

/**
 * Lets a call pass only with the key of a live operator whose role allows it, and keeps whose it is. Stands before every route of the
 * app, so that one that does not say who may call it is closed.
 *
 * The key is looked up in the database each time: a revoked one opens nothing from that moment on, in any instance.
 */
@Injectable()
export class OperatorAccess implements CanActivate {
  constructor(
    private readonly operators: Operators,
    private readonly refusals: Refusals,
    private readonly lifecycle: Lifecycle,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const handler = context.getHandler();
    const allowed = this.reflector.get<Allowed | undefined>(ALLOWED, handler);
    if (allowed === undefined && request.routeOptions.url?.startsWith(API) !== true) return true;
    const { role: required, action } = allowed ?? { role: null, action: 'unknown' };

    this.lifecycle.assertPrepared();
    const verdict = await this.operators.authenticate(presentedKey(request.headers), new Date());
    const refuse = (code: RefusalCode, actor: Actor, extensions = {}): never => {
      const refusal = new AdminRefusal(code, extensions);
      const { status } = refusal.problem;
      if (status === 401) void http.getResponse<FastifyReply>().header('www-authenticate', CHALLENGE);
      this.refusals.note({ actor, origin: originOf(request), action, result: code, status });
      throw refusal;
    };
    if ('refused' in verdict) return refuse(verdict.refused, verdict.actor ?? NOBODY);
    const { actor } = verdict;
    if (required === null || !mayCall(actor, required)) return refuse('role_insufficient', actor, { required });
    rememberCall(request, {
      actor,
      origin: originOf(request),
      action,
      successStatus: successStatusOf(handler, request.method),
      recorded: false,
    });
    return true;
  }
}

const mayCall = ({ role }: Actor, required: Role): boolean => role !== '' && atLeast(role, required);

/** The key in `X-Operator-Key`, or else in `Authorization: Bearer` (RFC 6750, section 2.1); null where there is none. */
function presentedKey(headers: IncomingHttpHeaders): string | null {
  const key = headers['x-operator-key'];
  if (typeof key === 'string' && key !== '') return key.trim();
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** What Nest answers with: `@HttpCode`, or its own choice. */
function successStatusOf(handler: object, method: string): number {
  const declared: unknown = Reflect.getMetadata('__httpCode__', handler);
  if (typeof declared === 'number') return declared;
  return method === 'POST' ? 201 : 200;
}
