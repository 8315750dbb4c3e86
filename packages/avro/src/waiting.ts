import type { RetryOptions, WeirError } from '@weir/errors';

/** How a call that waits for the registry is ended and watched. */
export interface WaitOptions {
  /** Ends the waiting; it goes on for ever unless given. */
  readonly signal?: AbortSignal;
  /** Told before each pause. */
  readonly onRetry?: (error: WeirError, attempt: number, pauseMs: number) => void;
}

/** Quick at first, since a registry that restarts is back in seconds; then seldom, since every instance asks. */
const PAUSES = { minMs: 100, maxMs: 5_000 };

export function waiting(options: WaitOptions = {}): RetryOptions {
  return { ...PAUSES, ...options };
}
