import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { Role } from './roles.js';

/** Who calls, as far as a call goes. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: Role | '';
}

/** From where a call came. */
export interface Origin {
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly correlationId: string | null;
}

/** One call of an operator who was let pass. */
export interface Call {
  readonly actor: Actor;
  readonly origin: Origin;
  /** As it stands in the audit: `tenants.create`. */
  readonly action: string;
  /** The status of its answer where it succeeds. */
  readonly successStatus: number;
  /** Set once the audit has it, in the transaction that changed something. */
  recorded: boolean;
}

const MAX_USER_AGENT = 300;
const calls = new WeakMap<object, Call>();

export function originOf({ ip, headers, id }: FastifyRequest): Origin {
  const userAgent = headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null;
  return { address: ip, userAgent, correlationId: id };
}

export function rememberCall(request: FastifyRequest, call: Call): void {
  calls.set(request, call);
}

/** Null for what is no call of an operator, as health. */
export function callOf(request: FastifyRequest): Call | null {
  return calls.get(request) ?? null;
}

/** The call that was let pass, as a controller's parameter. */
export const CalledBy = createParamDecorator((_data: unknown, context: ExecutionContext): Call => {
  const call = callOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (call === null) throw new Error('This route was not guarded.');
  return call;
});
