import type { BreakerState } from './breaker-state.js';

/** Where instances share the breaker. Every method rejects while that place is away. */
export interface BreakerStore {
  /** A round trip; for health checks. */
  ping(): Promise<void>;
  /** Null where nothing was ever put there. */
  load(): Promise<BreakerState | null>;
  /** Keeps what is there if it is newer. Answers what is there afterwards. */
  save(state: BreakerState): Promise<BreakerState>;
  /** One more failed try, by whichever instance; answers how many there were in a row. */
  countFailure(): Promise<number>;
  forgetFailures(): Promise<void>;
  close(): Promise<void>;
}
