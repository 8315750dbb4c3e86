import { backoffMs, classify, type WeirError } from '@weir/errors';

import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import { BatchInProgress } from './batch-in-progress.js';
import type { OffsetCommitter } from './offset-committer.js';
import type { ConsumerSettings, RecordBatch } from './options.js';
import type { Run } from './record-buffer.js';
import { Wake } from './wake.js';

/**
 * Takes one batch at a time through the handler, again and again until it is settled.
 *
 * Guarantee: an offset is settled only after the handler resolved for it while its partition was ours; a batch is let go of only by
 * being settled, or by losing every partition that it has records of.
 */
export class Delivery {
  private batch: BatchInProgress | null = null;
  private failure: WeirError | null = null;
  private pauseMs = 0;
  private ending = false;
  private readonly backoff = new Wake();
  private attemptEnded: Promise<void> = Promise.resolve();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: ConsumerSettings,
    private readonly assignment: Assignment,
    private readonly committer: OffsetCommitter,
    private readonly isPaused: (owner: AssignedPartition) => boolean,
    /** Called whenever there may be room for the next batch, or the reason to wait changed. */
    private readonly changed: () => void,
  ) {}

  get busy(): boolean {
    return this.batch !== null;
  }

  /** No batch will be taken any more. */
  get stopping(): boolean {
    return this.ending;
  }

  /** Why the batch in progress waits for its next try, or null. */
  get waitingFor(): WeirError | null {
    return this.failure;
  }

  /** Since when the handler has been at it, or null. */
  get runningSince(): number | null {
    return this.batch?.runningSince ?? null;
  }

  touches(owner: AssignedPartition): boolean {
    return this.batch?.touches([owner]) ?? false;
  }

  /** When the oldest record of a partition in the batch in progress was written, in epoch milliseconds; null without one. */
  oldest(owner: AssignedPartition): number | null {
    return this.batch?.oldest(owner) ?? null;
  }

  /** Hands over the next batch. To be called only while not busy. */
  begin(runs: readonly Run[]): void {
    if (runs.length === 0) return;
    this.batch = new BatchInProgress(runs);
    this.backoff.reset();
    this.ended = this.run(this.batch).finally(() => {
      this.batch = null;
      this.failure = null;
      this.changed();
    });
  }

  /**
   * Waits until the handler no longer works on these partitions, which the caller has marked as being revoked.
   *
   * Past `timeoutMs` the batch's signal fires, and past it once more this resolves all the same.
   */
  async release(owners: readonly AssignedPartition[], timeoutMs: number): Promise<void> {
    const { batch } = this;
    if (batch === null || !batch.touches(owners)) return;
    if (batch.runningSince === null) {
      this.prune(batch);
      return;
    }
    if (await this.attemptEndsWithin(timeoutMs)) return;
    batch.abort('a partition of the batch is given to another member');
    await this.attemptEndsWithin(timeoutMs);
  }

  /** These partitions are lost already: what the handler does for them is in vain. */
  abandon(owners: readonly AssignedPartition[]): void {
    const { batch } = this;
    if (batch === null || !batch.touches(owners)) return;
    batch.abort('a partition of the batch was lost');
    if (batch.runningSince === null) this.prune(batch);
  }

  /** Tries the batch again at once instead of after its pause. */
  retryNow(): void {
    this.backoff.call();
  }

  /** Takes nothing more. Resolves once the handler is at rest; past `timeoutMs` the signal fires and it is waited for half a second more. */
  async stop(timeoutMs: number): Promise<void> {
    this.ending = true;
    this.backoff.call();
    if (this.batch === null || (await this.attemptEndsWithin(timeoutMs))) return;
    this.batch?.abort('the consumer is being stopped');
    await this.attemptEndsWithin(500);
  }

  /** Resolves once the handler has returned, however long that takes. */
  async finished(): Promise<void> {
    await this.ended;
  }

  private async run(batch: BatchInProgress): Promise<void> {
    for (;;) {
      const tried = this.attempt(batch);
      this.attemptEnded = tried.then(() => undefined);
      if (await tried) return;
      if (this.ending || batch.records.length === 0) return;
      do await this.backoff.wait(this.pauseMs);
      while (!this.ending && batch.records.length > 0 && batch.owners.every(this.isPaused));
      if (this.ending || batch.records.length === 0) return;
    }
  }

  /** Calls the handler once. True: the batch is settled. */
  private async attempt(batch: BatchInProgress): Promise<boolean> {
    const offered = batch.nextAttempt();
    const started = Date.now();
    if (offered.attempt === 1) this.settings.notify('delivered', offered);
    try {
      await this.settings.handler(offered);
      this.failure = null;
      for (const [owner, next] of batch.ends) this.committer.settle(owner, next);
      this.settings.notify('settled', offered, Date.now() - started);
      return true;
    } catch (thrown) {
      this.rejected(batch, offered, thrown);
      return false;
    } finally {
      batch.runningSince = null;
    }
  }

  private rejected(batch: BatchInProgress, offered: RecordBatch, thrown: unknown): void {
    // Giving up because it was asked to is no failure: what is left of the batch goes on at once.
    const error = batch.aborted ? null : classify(thrown);
    this.failure = error;
    this.pauseMs = error === null ? 0 : backoffMs(batch.attempt, this.settings.backoff);
    this.prune(batch);
    if (error !== null) this.settings.notify('rejected', offered, error, this.pauseMs);
    this.changed();
  }

  /** Lets go of what is not ours any more, or not for long. */
  private prune(batch: BatchInProgress): void {
    batch.keep((owner) => this.assignment.isCurrent(owner) && !owner.revoking);
    if (batch.records.length === 0) this.backoff.call();
  }

  private async attemptEndsWithin(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, false);
    });
    const ended = await Promise.race([this.attemptEnded.then(() => true), timeout]);
    clearTimeout(timer);
    return ended;
  }
}
