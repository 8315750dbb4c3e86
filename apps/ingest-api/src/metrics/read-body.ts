import type { IncomingMessage } from 'node:http';

import type { AdmittedRequest } from './admission.js';
import { GrowingBuffer } from './growing-buffer.js';
import { RequestRefused } from './problems.js';

export interface BodyLimits {
  /** As sent, before decompression. */
  readonly maxBytes: number;
  /** How long the caller may take to send it. */
  readonly timeoutMs: number;
  /** Aborted where bodies that are not whole are waited for no longer, because the process ends. */
  readonly ending: AbortSignal;
}

/**
 * The whole body as it was sent.
 *
 * Refuses by `Content-Length` before it reads anything, and while reading where there is none; so it never holds more than
 * `maxBytes`, and memory only that was reserved. Throws RequestRefused `body_too_large`, `overloaded`, `tenant_overloaded`,
 * `request_timeout`, `body_incomplete` or `shutting_down`, and leaves the rest of the body unread.
 */
export async function readBody(request: IncomingMessage, place: AdmittedRequest, limits: BodyLimits): Promise<Buffer> {
  const { maxBytes, timeoutMs, ending } = limits;
  const announced = announcedBytes(request);
  if (announced !== null) {
    assertNotTooLarge(announced, maxBytes);
    place.holdBytes(announced);
  }
  const body = new GrowingBuffer({ first: announced ?? FIRST_BYTES, max: announced ?? maxBytes }, (size) => {
    if (announced === null) place.holdBytes(size);
  });

  return new Promise((resolve, reject) => {
    let only: Buffer | null = null;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      ending.removeEventListener('abort', onEnding);
      request.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
      settle();
    };
    const refuse = (error: unknown): void =>
      end(() => {
        request.pause();
        reject(error);
      });
    const onData = (chunk: Buffer): void => {
      try {
        assertNotTooLarge(body.length + chunk.length, maxBytes);
        if (chunk.length === announced)
          only = chunk; // nearly always, and then nothing is copied
        else body.append(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onEnd = (): void => end(() => resolve(only ?? body.bytes));
    const onLost = (): void => refuse(new RequestRefused('body_incomplete'));
    const onEnding = (): void => refuse(new RequestRefused('shutting_down'));
    const timer = setTimeout(() => refuse(new RequestRefused('request_timeout')), timeoutMs);
    if (ending.aborted) return onEnding();
    ending.addEventListener('abort', onEnding);
    request.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
  });
}

/** What a body without a length is given at first. */
const FIRST_BYTES = 16 * 1024;

/** What `Content-Length` says; null for a chunked body. Node's parser lets only digits through, and only one of the two headers. */
function announcedBytes(request: IncomingMessage): number | null {
  const length = request.headers['content-length'];
  if (length !== undefined) return Number(length);
  return request.headers['transfer-encoding'] === undefined ? 0 : null;
}

function assertNotTooLarge(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes)
    throw new RequestRefused('body_too_large', `The body is larger than ${maxBytes} bytes. Send smaller batches.`);
}

/**
 * Reads and forgets what is left of a body that was refused, for a while: closing at once would reset the connection, and the
 * caller, still sending, would lose the answer. nginx does the same (`lingering_close`).
 */
export function discardRest(request: IncomingMessage): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  // Node calls this once the last answer of a connection is written, and would close it in both directions.
  socket.destroySoon = () => {
    socket.end();
    if (request.complete) socket.destroy();
    else request.once('end', () => socket.destroy());
  };
  const giveUp = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  request.on('error', () => socket.destroy());
  request.once('close', () => clearTimeout(giveUp));
  request.resume();
}

const LINGER_MS = 5000;
