import type { TopicPartitionOffset } from '../../records.js';
import { backoffMs } from '@weir/errors';
import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import { clientCode, clientCodes, consumerError, isForbidden, isRebalance } from './client-errors.js';
import type { NativeClient } from './native-client.js';
import type { Notifier } from './options.js';
import { Wake } from './wake.js';

const BACKOFF = { minMs: 20, maxMs: 500 };

/**
 * Commits what is settled: one commit under way at a time, the newest offset of each partition in it, so that no commit overtakes a later one.
 *
 * A commit that fails is repeated for the partitions that are still ours by then. That covers a rebalance in between (ILLEGAL_GENERATION,
 * UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS) as well as a coordinator that moves; what is not ours any more is dropped, and its successor
 * reads it again.
 */
export class OffsetCommitter {
  private readonly wanted = new Map<AssignedPartition, number>();
  private readonly wake = new Wake();
  private work: Promise<void> = Promise.resolve();
  private working = false;
  private closed = false;

  constructor(
    private readonly client: Pick<NativeClient, 'commit'>,
    private readonly assignment: Assignment,
    private readonly notify: Notifier,
    private readonly coordinator: { acknowledged(): void; forbidden(): void },
  ) {}

  /** Everything below `next` is settled. Ignored where the partition is not ours any more. */
  settle(owner: AssignedPartition, next: number): void {
    if (this.closed || next <= owner.next || !this.assignment.isCurrent(owner)) return;
    owner.next = next;
    owner.progressAt = Date.now();
    this.wanted.set(owner, next);
    if (!this.working) this.work = this.commitAll();
  }

  /** Resolves once all that is settled is committed, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    if (!this.working) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.work, timeout]);
    clearTimeout(timer);
  }

  /** Gives up what is not committed. */
  close(): void {
    this.closed = true;
    this.wanted.clear();
    this.wake.call();
  }

  private async commitAll(): Promise<void> {
    this.working = true;
    for (let failures = 0; this.wanted.size > 0;) {
      const entries = [...this.wanted].filter(([owner]) => this.assignment.isCurrent(owner));
      this.wanted.clear();
      if (entries.length === 0) break;
      const offsets = entries.map(([{ topic, partition }, offset]): TopicPartitionOffset => ({
        topic,
        partition,
        offset,
      }));
      const askedAt = performance.now();
      try {
        await this.client.commit(offsets);
        for (const [owner, offset] of entries) owner.committed = offset;
        failures = 0;
        this.coordinator.acknowledged();
        this.notify('committed', offsets, performance.now() - askedAt);
      } catch (error) {
        failures += 1;
        await this.retryLater(entries, error, failures);
      }
    }
    this.working = false;
  }

  private async retryLater(
    entries: readonly [AssignedPartition, number][],
    error: unknown,
    failures: number,
  ): Promise<void> {
    if (this.closed || clientCode(error) === clientCodes.noOffset) return;
    for (const [owner, offset] of entries) if (!this.wanted.has(owner)) this.wanted.set(owner, offset);
    if (isForbidden(error)) this.coordinator.forbidden();
    if (!isRebalance(error)) this.notify('failed', consumerError(error), entries[0]?.[0].topic ?? '');
    await this.wake.wait(backoffMs(failures, BACKOFF));
    if (this.closed) this.wanted.clear();
  }
}
