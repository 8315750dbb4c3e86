import { messageOf } from '@weir/errors';

import { BreakerOpenError } from './breaker-open.error.js';
import { type BreakerCause, type BreakerState, CLOSED, type OpenBreaker, type Pass } from './breaker-state.js';
import type { BreakerStore } from './breaker-store.js';
import { DeadLetterShare, type ShareRule, type TenantTally } from './dead-letter-share.js';

export interface BreakerOptions {
  /** So many failed tries in a row to write dead letters open it. */
  readonly failedTries: number;
  /** How often one batch is let through while it is open, to see whether it can be closed. */
  readonly probeIntervalMs: number;
  readonly share: ShareRule;
}

/** What the breaker tells metrics and logs. Must not throw. */
export interface BreakerObserver {
  opened(open: OpenBreaker): void;
  closed(was: OpenBreaker, why: string): void;
  /** Whether other instances see what this one does. */
  shared(reachable: boolean): void;
}

/** How a partition is named in a pass. A topic that was made anew is another one. */
export const lineOf = (topicId: string, partition: number): string => `${topicId}/${partition}`;

/**
 * Stops the consumer where going on would do harm: dead letters cannot be written, or so many tenants' records are refused that the
 * fault must be ours (a deploy, a schema), and the DLQ would fill with records that are fine.
 *
 * While it is open nothing is settled or committed, apart from one batch in each probe interval: where that can be settled after all, the
 * breaker closes by itself. It asks nothing of anyone in a batch's way; what other instances did is learned by `sync`.
 */
export class Breaker {
  private state: BreakerState = CLOSED;
  private failures = 0;
  private nextProbeAt = 0;
  private readonly share: DeadLetterShare;

  /** `store` is null where each instance keeps to itself. */
  constructor(
    private readonly options: BreakerOptions,
    private readonly store: BreakerStore | null,
    private readonly observer: BreakerObserver,
    private readonly clock: () => number = Date.now,
  ) {
    this.share = new DeadLetterShare(options.share, clock);
  }

  /** Why nothing is taken; null while everything is. */
  get open(): OpenBreaker | null {
    return this.state.open;
  }

  get pass(): Pass | null {
    return this.state.pass;
  }

  /** Throws BreakerOpenError unless the batch may be tried now. */
  admit(): void {
    const { open } = this.state;
    if (open === null) return;
    if (this.clock() < this.nextProbeAt) throw new BreakerOpenError(open);
    this.nextProbeAt = this.clock() + this.options.probeIntervalMs;
  }

  /** Before anything of a batch is settled. Throws BreakerOpenError where too many tenants' records are refused. */
  judge(judged: TenantTally): void {
    const open = this.state.open?.cause === 'dead_letter_share' ? this.state.open : null;
    const detail = open === null ? this.share.verdict(judged) : this.share.verdictAgain(judged, open.since);
    if (detail !== null) throw new BreakerOpenError(this.trip('dead_letter_share', detail));
    if (open !== null) this.change(null, 'the records can be stored again');
  }

  /** What was judged is settled. */
  settled(judged: TenantTally): void {
    this.share.settled(judged);
  }

  /** Dead letters were acknowledged. */
  written(): void {
    const failed = this.failures > 0 || this.state.open?.cause === 'dlq_unwritable';
    if (!failed) return;
    this.failures = 0;
    this.shareSoon((store) => store.forgetFailures());
    if (this.state.open?.cause === 'dlq_unwritable') this.change(null, 'dead letters are written again');
  }

  /** A try to write dead letters failed, after the producer's own retries. Never rejects. */
  async failedToWrite(error: unknown): Promise<void> {
    this.failures += 1;
    const tries = Math.max(this.failures, await this.failuresEverywhere());
    if (tries < this.options.failedTries) return;
    this.trip('dlq_unwritable', `dead letters cannot be written, ${tries} tries in a row: ${messageOf(error)}`);
  }

  /** An operator lets pass what stands below these offsets. Answers what was open; null where nothing was. */
  closeByHand(reason: string, below: Pass['below']): OpenBreaker | null {
    const { open } = this.state;
    if (open === null) return null;
    this.failures = 0;
    this.shareSoon((store) => store.forgetFailures());
    this.change({ reason, at: this.clock(), below }, `by an operator: ${reason}`);
    return open;
  }

  /** Learns what other instances did, and tells them what they may have missed. Never rejects. */
  async sync(): Promise<void> {
    if (this.store === null) return;
    try {
      const there = await this.store.load();
      if (there !== null && there.changedAt > this.state.changedAt) this.adopt(there);
      else if ((there?.changedAt ?? 0) < this.state.changedAt) this.adopt(await this.store.save(this.state));
      this.observer.shared(true);
    } catch {
      this.observer.shared(false);
    }
  }

  /** Of all instances, as far as that can be told. */
  private async failuresEverywhere(): Promise<number> {
    try {
      return (await this.store?.countFailure()) ?? 0;
    } catch {
      this.observer.shared(false);
      return 0;
    }
  }

  private trip(cause: BreakerCause, detail: string): OpenBreaker {
    const was = this.state.open;
    const open = { cause, detail, since: was?.since ?? this.clock() };
    this.nextProbeAt = this.clock() + this.options.probeIntervalMs;
    if (was !== null) return was;
    this.state = { ...this.state, open, changedAt: this.nextChange() };
    this.observer.opened(open);
    this.shareSoon((store) => store.save(this.state));
    return open;
  }

  private change(pass: Pass | null, why: string): void {
    const was = this.state.open;
    this.state = { open: null, pass: pass ?? this.state.pass, changedAt: this.nextChange() };
    this.share.forget();
    if (was !== null) this.observer.closed(was, why);
    this.shareSoon((store) => store.save(this.state));
  }

  private adopt(state: BreakerState): void {
    const was = this.state.open;
    this.state = state;
    if (was === null && state.open !== null) {
      this.nextProbeAt = this.clock() + this.options.probeIntervalMs;
      this.observer.opened(state.open);
    }
    if (was !== null && state.open === null) {
      this.failures = 0;
      this.share.forget();
      this.observer.closed(was, 'by another instance');
    }
  }

  /** Later than every change known here, whatever this machine's clock says. */
  private nextChange(): number {
    return Math.max(this.clock(), this.state.changedAt + 1);
  }

  /** Not waited for: `sync` repeats what did not get through. */
  private shareSoon(tell: (store: BreakerStore) => Promise<unknown>): void {
    if (this.store === null) return;
    tell(this.store).catch(() => this.observer.shared(false));
  }
}
