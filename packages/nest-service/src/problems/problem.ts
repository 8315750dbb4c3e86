import { STATUS_CODES } from 'node:http';

import { HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/**
 * What a caller is told of an error, as RFC 9457 lays it out. Other members are extensions.
 *
 * `code` is stable and explained in docs/reference/errors.md; `detail` is for people and may change.
 */
export interface Problem {
  readonly status: number;
  readonly code: string;
  /** The status's own phrase unless given. */
  readonly title?: string;
  readonly detail?: string;
  /** Becomes the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly [extension: string]: unknown;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** Thrown by a controller or a service of an app to answer with this problem. */
export class ProblemException extends HttpException {
  constructor(
    readonly problem: Problem,
    options: ErrorOptions = {},
  ) {
    super(problem.detail ?? problem.code, problem.status, options);
  }
}

/** Answers with a problem; for plain Fastify handlers as for Nest's filter. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', String(problem.retryAfterSeconds));
  return reply
    .code(problem.status)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .header('x-correlation-id', reply.request.id)
    .send(problemBody(problem));
}

/** The JSON text of a problem. */
export function problemBody(problem: Problem): string {
  const { status, title = STATUS_CODES[status], ...members } = problem;
  return JSON.stringify({ type: 'about:blank', title, status, ...members, retryAfterSeconds: undefined });
}
