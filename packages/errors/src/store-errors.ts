import { WeirError, type WeirErrorOptions } from './weir-error.js';

/** Anything between Weir and PostgreSQL. */
export abstract class StoreError extends WeirError {}

/** The database is away, busy, read-only, out of space or unknown: wait and try again; never a record's fault. */
export class StoreUnavailableError extends StoreError {
  override readonly code = 'store_unavailable';
  override readonly retryable = true;
}

/** A query would read or took more than it may. The caller narrows it. */
export class QueryBudgetError extends StoreError {
  override readonly code = 'query_over_budget';
  override readonly retryable = false;
}

/** The database refuses this row, and would refuse it alone (SQLSTATE 22xxx, 23502, or 23514 on a named check). */
export class RowRejectedError extends StoreError {
  override readonly code = 'row_rejected';
  override readonly retryable = false;

  constructor(
    readonly sqlState: string,
    message: string,
    options: WeirErrorOptions = {},
  ) {
    super(message, options);
  }
}
