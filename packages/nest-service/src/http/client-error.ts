import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import { PROBLEM_CONTENT_TYPE, problemBody, type Problem } from '../problems/problem.js';
import { unanswered } from './open-connections.js';

/**
 * Answers bytes that are no HTTP request, headers that are too large, and a request that took too long to arrive.
 *
 * Node reports these before there is a request, so the answer is written to the socket, which is closed after it. Requests that came
 * whole before are answered first: theirs would otherwise be taken for this answer.
 */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) {
    socket.destroy();
    return;
  }
  if (refused.has(socket)) return; // Node reports every further piece of it
  refused.add(socket);
  answerAfter(unanswered(socket), () => writeProblem(socket, problemOfClientError(error.code)));
}

function answerAfter(before: readonly ServerResponse[], answer: () => void): void {
  let left = before.length;
  if (left === 0) answer();
  for (const response of before)
    response.once('close', () => {
      left -= 1;
      if (left === 0) answer();
    });
}

const refused = new WeakSet<Socket>();

function writeProblem(socket: Socket, problem: Problem): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemBody(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
      `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Correlation-Id: ${randomUUID()}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}

function problemOfClientError(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'request_timeout', detail: 'The request took too long to arrive.' };
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, code: 'headers_too_large', detail: 'The headers are larger than allowed.' };
  return { status: 400, code: 'malformed_request', detail: 'This is not a valid HTTP request.' };
}
