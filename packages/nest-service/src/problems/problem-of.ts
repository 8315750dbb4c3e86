import { STATUS_CODES } from 'node:http';

import { HttpException } from '@nestjs/common';
import { KafkaError, QueryBudgetError, UnknownError, ValidationError, WeirError } from '@weir/errors';

import { ProblemException, type Problem } from './problem.js';

/** The code where nothing more exact is known. docs/reference/errors.md explains each. @internal */
export const CODE_OF_STATUS: ReadonlyMap<number, string> = new Map([
  [400, 'bad_request'],
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [408, 'request_timeout'],
  [409, 'conflict'],
  [413, 'payload_too_large'],
  [414, 'uri_too_long'],
  [415, 'unsupported_media_type'],
  [422, 'invalid'],
  [429, 'rate_limited'],
  [431, 'headers_too_large'],
  [500, 'internal_error'],
  [503, 'unavailable'],
]);

/** Fastify's own errors that a caller can cause, in Weir's words. @internal */
export const FASTIFY_PROBLEMS: ReadonlyMap<string, Problem> = new Map<string, Problem>([
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    { status: 413, code: 'payload_too_large', detail: 'The body is larger than allowed.' },
  ],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    { status: 415, code: 'unsupported_media_type', detail: 'The content type is not one that is read here.' },
  ],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', { status: 400, code: 'invalid_json', detail: 'The body is empty.' }],
  ['FST_ERR_CTP_INVALID_JSON_BODY', { status: 400, code: 'invalid_json', detail: 'The body is not valid JSON.' }],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    { status: 400, code: 'bad_request', detail: 'The body is not as long as its Content-Length says.' },
  ],
  ['FST_ERR_BAD_URL', { status: 400, code: 'malformed_url', detail: 'The URL is not validly encoded.' }],
  ['FST_ERR_MAX_PARAM_LENGTH', { status: 414, code: 'uri_too_long', detail: 'A part of the path is too long.' }],
]);

const RETRY_AFTER_SECONDS = 2;

/**
 * The problem that an HTTP caller is answered for anything that was thrown. Never throws, and tells nothing of the inside:
 * what nobody foresaw is `internal_error`, and a broken system only its stable code.
 */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemException) return thrown.problem;
  if (thrown instanceof HttpException) return fastifyProblem(thrown.cause) ?? problemOfHttpException(thrown);
  if (thrown instanceof WeirError) return problemOfWeirError(thrown);
  const { statusCode } = partsOf(thrown);
  const isCallersFault = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return fastifyProblem(thrown) ?? problemOfStatus(isCallersFault ? statusCode : 500);
}

/** Null unless it is one of Fastify's own errors, which Nest hands on as the cause of an HttpException. */
function fastifyProblem(thrown: unknown): Problem | null {
  const { code } = partsOf(thrown);
  return (typeof code === 'string' ? FASTIFY_PROBLEMS.get(code) : undefined) ?? null;
}

function partsOf(thrown: unknown): { readonly code?: unknown; readonly statusCode?: unknown } {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}

function problemOfHttpException(exception: HttpException): Problem {
  const status = exception.getStatus();
  if (status >= 500) return problemOfStatus(status);
  const response = exception.getResponse();
  const said = typeof response === 'string' ? { message: response } : (response as { message?: unknown });
  const detail = Array.isArray(said.message) ? said.message.join('; ') : said.message;
  return { ...problemOfStatus(status), ...(typeof detail === 'string' ? { detail } : {}) };
}

function problemOfWeirError(error: WeirError): Problem {
  if (error instanceof ValidationError || error instanceof QueryBudgetError)
    return { status: 422, code: error.code, detail: error.message };
  if (error instanceof UnknownError || !error.retryable) return problemOfStatus(500);
  const detail =
    error instanceof KafkaError && error.code === 'delivery_unknown'
      ? 'Part of it may have been accepted; sending it again is safe.'
      : 'A system that this needs does not answer; try again.';
  return { status: 503, code: error.code, detail, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

function problemOfStatus(status: number): Problem {
  const known = CODE_OF_STATUS.get(status);
  if (status >= 500 && status !== 503)
    return { status: 500, code: 'internal_error', detail: 'This is our fault; it has been logged.' };
  return { status, code: known ?? (STATUS_CODES[status] ?? 'bad_request').toLowerCase().replaceAll(/[^a-z]+/g, '_') };
}
