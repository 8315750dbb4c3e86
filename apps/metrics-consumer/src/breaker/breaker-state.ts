/** Why the consumer takes no records: its dead letters cannot be written, or it refuses the records of tenants at large. */
export type BreakerCause = 'dlq_unwritable' | 'dead_letter_share';

export interface OpenBreaker {
  readonly cause: BreakerCause;
  /** What was seen, in words. */
  readonly detail: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** What an operator let through by closing the breaker: records below these offsets no longer open it. */
export interface Pass {
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** By `<topic id>/<partition>`, exclusive. */
  readonly below: Readonly<Record<string, number>>;
}

/** The breaker, as all instances of a consumer group share it. */
export interface BreakerState {
  readonly open: OpenBreaker | null;
  readonly pass: Pass | null;
  /** Epoch milliseconds of the change that led here; the newer of two states counts. */
  readonly changedAt: number;
}

export const CLOSED: BreakerState = { open: null, pass: null, changedAt: 0 };

/** Null for what is no state, as another version of Weir might have left it. */
export function parseBreakerState(text: string): BreakerState | null {
  try {
    const state: unknown = JSON.parse(text);
    return isState(state) ? state : null;
  } catch {
    return null;
  }
}

function isState(value: unknown): value is BreakerState {
  if (!isObject(value) || typeof value['changedAt'] !== 'number') return false;
  const { open, pass } = value;
  const opened = open === null || (isObject(open) && isCause(open['cause']) && typeof open['since'] === 'number');
  return opened && (pass === null || (isObject(pass) && isOffsets(pass['below'])));
}

const isCause = (value: unknown): value is BreakerCause => value === 'dlq_unwritable' || value === 'dead_letter_share';

const isOffsets = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((offset) => typeof offset === 'number');

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
