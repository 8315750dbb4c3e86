import { types } from 'node:util';

import { KafkaError } from './kafka-errors.js';
import { UnknownError } from './other-errors.js';
import { StoreUnavailableError } from './store-errors.js';
import { WeirError } from './weir-error.js';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Turns anything that was thrown into a WeirError and never throws itself.
 *
 * It goes by codes and not by `instanceof Error`, which is false for errors of another realm. Whatever it does not
 * recognise becomes an UnknownError, which is retryable: a fault that nobody foresaw must not cost a record.
 */
export function classify(thrown: unknown): WeirError {
  if (thrown instanceof WeirError) return thrown;
  const message = messageOf(thrown);
  const { code, errno, severity } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as {
    code?: unknown;
    errno?: unknown;
    severity?: unknown;
  };
  if (typeof code === 'string' && SQLSTATE.test(code) && severity !== undefined)
    return new StoreUnavailableError(message, { cause: thrown, context: { sqlState: code } });
  if (typeof code === 'number' && errno === code) return new KafkaError(message, { cause: thrown, context: { code } });
  return new UnknownError(message, {
    cause: thrown,
    context: typeof code === 'string' && NETWORK_CODES.has(code) ? { code } : {},
  });
}

/** The message of anything thrown; never throws. */
export function messageOf(thrown: unknown): string {
  if (types.isNativeError(thrown) || thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return 'an error that has no text';
  }
}
