import { AsyncLocalStorage } from 'node:async_hooks';

import { type TraceContext, traceparentOf } from './trace-context.js';

/** Made with the first span that is entered: while it is there Node follows every asynchronous call, which costs. */
let storage: AsyncLocalStorage<TraceContext> | null = null;

/** The span that is worked within; null outside of all, and wherever traces are off. */
export function activeTrace(): TraceContext | null {
  return storage?.getStore() ?? null;
}

/** That span's `traceparent`, to be carried on; null where its trace is not recorded, and outside of all. */
export function recordedTraceparent(): string | null {
  const active = activeTrace();
  return active?.sampled === true ? traceparentOf(active) : null;
}

/** What `work` begins, also later on, is worked within this span. */
export function enterTrace<T>(context: TraceContext, work: () => T): T {
  storage ??= new AsyncLocalStorage();
  return storage.run(context, work);
}
