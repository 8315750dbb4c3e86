import type { IncomingMessage } from 'node:http';

import type { AdmittedRequest } from './admission.js';
import { RequestRefused } from './problems.js';

export interface BodyLimits {
  /** As sent, before decompression. */
  readonly maxBytes: number;
  /** How long the caller may take to send it. */
  readonly timeoutMs: number;
}

/**
 * The whole body as it was sent.
 *
 * Refuses by `Content-Length` before it reads anything, and while reading where there is none; so it never holds more than
 * `maxBytes`. Throws RequestRefused `body_too_large`, `overloaded`, `request_timeout` or `body_incomplete`, and leaves
 * the rest of the body unread.
 */
export async function readBody(request: IncomingMessage, place: AdmittedRequest, limits: BodyLimits): Promise<Buffer> {
  const announced = announcedBytes(request);
  if (announced !== null) reserve(announced, announced, place, limits);

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
      settle();
    };
    const refuse = (error: unknown): void =>
      end(() => {
        request.pause();
        reject(error);
      });
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      try {
        if (announced === null) reserve(chunk.length, received, place, limits);
        chunks.push(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onEnd = (): void => end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onLost = (): void => refuse(new RequestRefused('body_incomplete'));
    const timer = setTimeout(() => refuse(new RequestRefused('request_timeout')), limits.timeoutMs);
    request.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
  });
}

/** What `Content-Length` says; null for a chunked body. Node's parser lets only digits through, and only one of the two headers. */
function announcedBytes(request: IncomingMessage): number | null {
  const length = request.headers['content-length'];
  if (length !== undefined) return Number(length);
  return request.headers['transfer-encoding'] === undefined ? 0 : null;
}

function reserve(bytes: number, total: number, place: AdmittedRequest, { maxBytes }: BodyLimits): void {
  if (total > maxBytes)
    throw new RequestRefused('body_too_large', `The body is larger than ${maxBytes} bytes. Send smaller batches.`);
  if (!place.reserve(bytes)) throw new RequestRefused('overloaded');
}

/**
 * Reads and forgets what is left of a body that was refused, for a while: closing at once would reset the connection, and the
 * caller, still sending, would lose the answer. nginx does the same (`lingering_close`).
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const giveUp = setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
  request.on('error', () => request.socket.destroy());
  request.once('close', () => clearTimeout(giveUp));
  request.resume();
}

const LINGER_MS = 5000;
