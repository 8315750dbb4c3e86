import { WeirError } from '@weir/errors';

import type { OpenBreaker } from './breaker-state.js';

/** Nothing is taken now. The batch waits, and comes again. */
export class BreakerOpenError extends WeirError {
  override readonly code = 'breaker_open';
  override readonly retryable = true;

  constructor({ cause, detail }: OpenBreaker) {
    super(`The breaker is open: ${detail}`, { context: { cause } });
  }
}
