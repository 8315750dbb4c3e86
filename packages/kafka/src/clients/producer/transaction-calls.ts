import type { KafkaProducerError } from '@weir/errors';

import { mustAbort, notAllowed } from './transaction-errors.js';
import type { TransactionState } from './transactional-options.js';

/** Where a transactional producer stands, and which one of its calls is under way. */
export class TransactionCalls {
  #state: TransactionState = 'uninitialised';
  #failure: KafkaProducerError | null = null;
  /** The call under way, and when it has come back. */
  #call: { readonly name: string; readonly ended: Promise<unknown> } | null = null;

  get state(): TransactionState {
    return this.#state;
  }

  /** Why the state is `must_abort` or `failed`. */
  get failure(): KafkaProducerError | null {
    return this.#failure;
  }

  /** The name of the call that is under way. */
  get under(): string | null {
    return this.#call?.name ?? null;
  }

  /** Resolves once the call under way has come back. */
  get ended(): Promise<unknown> {
    return this.#call?.ended ?? Promise.resolve();
  }

  /** `closed` is for ever. */
  enter(state: TransactionState, failure: KafkaProducerError | null = null): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.#failure = failure;
  }

  /** Runs `work` if the state allows it and no other call is under way. */
  async exclusively(
    name: string,
    allowed: readonly TransactionState[] | null,
    work: () => Promise<void>,
  ): Promise<void> {
    if (this.#call !== null || this.#state === 'closed' || allowed?.includes(this.#state) === false)
      throw this.refusal(name);
    const working = work();
    this.#call = { name, ended: working.catch(() => undefined) };
    try {
      await working;
    } finally {
      this.#call = null;
    }
  }

  /** What a call hears that the state does not allow: the reason for the state where there is one. */
  refusal(call: string): KafkaProducerError {
    if (this.#call !== null) return notAllowed(call, this.#state, this.#call.name);
    if (this.#failure !== null && this.#state === 'must_abort') return mustAbort(call, this.#failure).error;
    if (this.#failure !== null && this.#state === 'failed') return this.#failure;
    return notAllowed(call, this.#state, null);
  }
}
