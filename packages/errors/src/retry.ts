import { setTimeout as wait } from 'node:timers/promises';

import { classify } from './classify.js';
import type { WeirError } from './weir-error.js';

export interface BackoffOptions {
  /** First pause in milliseconds. */
  readonly minMs: number;
  /** Longest pause in milliseconds. */
  readonly maxMs: number;
}

/** Pause before try number `attempt` (1 is the first retry): exponential with full jitter on its upper half. */
export function backoffMs(attempt: number, { minMs, maxMs }: BackoffOptions, random = Math.random): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}

export interface RetryOptions extends BackoffOptions {
  /** Tries in all; unbounded unless given. */
  readonly attempts?: number;
  /** Ends the waiting; the promise then rejects with the last error. */
  readonly signal?: AbortSignal;
  readonly onRetry?: (error: WeirError, attempt: number, pauseMs: number) => void;
}

/**
 * Calls `operation` until it succeeds, pausing longer each time.
 *
 * Rejects with the classified error once it is not retryable, the tries are used up, or the signal fired.
 */
export async function retry<T>(operation: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (thrown) {
      const error = classify(thrown);
      if (!error.retryable || attempt >= (options.attempts ?? Infinity) || options.signal?.aborted === true)
        throw error;
      const pauseMs = backoffMs(attempt, options);
      options.onRetry?.(error, attempt, pauseMs);
      await wait(pauseMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => {
        throw error;
      });
    }
  }
}
