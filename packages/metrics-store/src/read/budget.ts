import { QueryBudgetError } from '@weir/errors';

/** What one query may cost. Each limit is refused past, never clamped, and named in the error's context (`limit`). */
export interface QueryBudget {
  /** Series that a query may match. */
  readonly maxSeries: number;
  /** Buckets times groups in an answer. */
  readonly maxPoints: number;
  /** Samples that an aggregation may read. */
  readonly maxSamples: number;
  /** How long a statement may take. */
  readonly timeoutMs: number;
}

export const defaultBudget: QueryBudget = {
  maxSeries: 5_000,
  maxPoints: 50_000,
  maxSamples: 5_000_000,
  timeoutMs: 10_000,
};

const WORDS: Record<keyof QueryBudget, string> = {
  maxSeries: 'series matched',
  maxPoints: 'buckets times groups',
  maxSamples: 'samples read',
  timeoutMs: 'milliseconds spent',
};

/** Throws QueryBudgetError where `used` is above the budget's `limit`. */
export function spend(budget: QueryBudget, limit: keyof QueryBudget, used: number): void {
  if (used > budget[limit]) throw overBudget(budget, limit);
}

export function overBudget(budget: QueryBudget, limit: keyof QueryBudget): QueryBudgetError {
  return new QueryBudgetError(`More than ${budget[limit]} ${WORDS[limit]} (${limit}); narrow the query`, {
    context: { limit, max: budget[limit] },
  });
}
