import { StoreError } from '@weir/errors';

/** A mistake in the caller's counting. Nothing was committed; the same call fails again. */
export class LedgerAccountingError extends StoreError {
  override readonly code = 'ledger_accounting';
  override readonly retryable = false;
}

/**
 * The batch begins past the ledger's `next`, and the offsets between were not accounted for: the database lost a commit
 * (failover), or the log has a hole there. Nothing was committed. Seek to `next` (guarantees, rule 10).
 */
export class LedgerBehindError extends StoreError {
  override readonly code = 'ledger_behind';
  override readonly retryable = true;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly next: number,
    from: number,
  ) {
    super(`${topic}[${partition}] is settled up to ${next}, and the batch begins at ${from}`, {
      context: { topic, partition, next, from },
    });
  }
}
