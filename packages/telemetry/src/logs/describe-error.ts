import { inspect, types } from 'node:util';

import { WeirError } from '@weir/errors';

/** An error as a log shows it. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly retryable?: boolean;
  readonly context?: unknown;
  /** What was thrown, where it was an object and no error. */
  readonly value?: unknown;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

const LONGEST_CHAIN = 6;

/** An error with code, disposition, context and its chain of causes; anything else that was thrown, as it is. */
export function describeError(thrown: unknown, depth = 1): ErrorDescription {
  if (!isError(thrown))
    return typeof thrown === 'object' && thrown !== null
      ? { type: 'object', message: 'not an error', value: thrown }
      : { type: typeof thrown, message: inspect(thrown) };
  const { code, cause } = thrown as { readonly code?: unknown; readonly cause?: unknown };
  return {
    type: thrown.name,
    message: thrown.message,
    ...(code === undefined ? {} : { code }),
    ...(thrown instanceof WeirError ? { retryable: thrown.retryable, context: thrown.context } : {}),
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(cause === undefined || depth === LONGEST_CHAIN ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

/** True also for errors of another realm, for which `instanceof Error` is false. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}
