import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[\x21-\x7e]{1,128}$/;

/** The caller's `X-Correlation-Id` where it is 1 to 128 visible ASCII characters, else a new UUID. It is the request's id. */
export function correlationIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-correlation-id'];
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}
