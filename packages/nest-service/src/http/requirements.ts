import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Problem, PROBLEM_CONTENT_TYPE, problemBody } from '../problems/problem.js';
import { correlationIdOf } from './correlation-id.js';

// What HTTP itself requires, and Node's server would answer without a body and without a code.

/** RFC 9112, section 3.2: a request of HTTP/1.1 names its host. */
export function isWithoutHost({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.1' && headers.host === undefined;
}

export const NO_HOST: Problem = { status: 400, code: 'malformed_request', detail: 'The header Host is missing.' };

/** RFC 9110, section 10.1.1: whatever `Expect` says besides `100-continue`. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const body = problemBody({
    status: 417,
    code: 'expectation_failed',
    detail: 'Expect can be 100-continue and nothing else.',
  });
  const headers = { 'content-type': PROBLEM_CONTENT_TYPE, 'x-correlation-id': correlationIdOf(request) };
  response.writeHead(417, { ...headers, connection: 'close' }).end(body); // the body is not read
}
