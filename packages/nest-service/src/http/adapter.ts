import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { problemOf } from '../problems/problem-of.js';
import { sendProblem } from '../problems/problem.js';
import { answerClientError } from './client-error.js';
import { correlationIdOf } from './correlation-id.js';

/** Limits of the HTTP server. Times in milliseconds, sizes in bytes. */
export interface ServerLimits {
  /** The largest body of a route that sets no limit of its own; 1 MiB unless given. */
  readonly bodyLimit?: number;
  /** The longest parameter within a path; 100 characters unless given. */
  readonly maxPathPartLength?: number;
  /** A request must have arrived whole within this (slow senders); 30 s unless given. */
  readonly requestTimeoutMs?: number;
  /** Its headers must have arrived within this; 10 s unless given. */
  readonly headersTimeoutMs?: number;
}

// Longer than the idle time-outs of common load balancers (60 s), or they meet connections that were just closed.
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

export function createAdapter({
  bodyLimit,
  maxPathPartLength,
  requestTimeoutMs,
  headersTimeoutMs,
}: ServerLimits): FastifyAdapter {
  const headersTimeout = headersTimeoutMs ?? 10_000;
  return new FastifyAdapter({
    bodyLimit: bodyLimit ?? 1_048_576,
    routerOptions: { maxParamLength: maxPathPartLength ?? 100 },
    requestTimeout: requestTimeoutMs ?? 30_000,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      headersTimeout,
      connectionsCheckingInterval: Math.min(5_000, headersTimeout),
      requireHostHeader: false, // it is required all the same, by an answer that is a problem as every other: see `watchRequests`
    },
    trustProxy: false,
    genReqId: correlationIdOf,
    requestIdHeader: false,
    // While the server closes, requests that still arrive on open connections are served, each as its connection's last.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    // Errors before any route is known, such as a malformed URL: no hook and no filter runs for them.
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) =>
      void sendProblem(reply, problemOf(error)),
  });
}
