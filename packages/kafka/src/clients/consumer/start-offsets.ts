import { backoffMs, classify, type WeirError } from '@weir/errors';

import type { TopicPartitionOffset } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import type { FetchLoop } from './fetch-loop.js';
import type { NativeClient } from './native-client.js';
import type { ConsumerSettings } from './options.js';
import { Wake } from './wake.js';

/** A partition that cannot be sought after so many tries is assigned anew with its offset. Usually the client has begun to read it by the second. */
const SEEKS = 3;

/**
 * Finds out where newly assigned partitions begin: at the lower of the committed offset and what the handler's store says.
 *
 * Until both have answered the partitions are assigned but paused. Leaving the assignment itself unanswered would be simpler, and would cost the membership at
 * the next rebalance.
 */
export class StartOffsets {
  private readonly wake = new Wake();
  private failure: WeirError | null = null;
  private closed = false;

  constructor(
    private readonly settings: ConsumerSettings,
    private readonly client: NativeClient,
    private readonly assignment: Assignment,
    private readonly loop: FetchLoop,
    private readonly changed: () => void,
  ) {}

  /** Whether partitions have to be resolved at all. */
  get needed(): boolean {
    return this.settings.startOffsets !== undefined;
  }

  /** Why partitions wait for their start, or null. */
  get waitingFor(): WeirError | null {
    return this.failure;
  }

  /** Tries until it succeeds, for those that are still ours by then. Never rejects. */
  async resolve(owners: readonly AssignedPartition[]): Promise<void> {
    for (let attempt = 1; !this.closed; attempt += 1) {
      const ours = owners.filter((owner) => this.assignment.isCurrent(owner) && !owner.revoking);
      if (ours.length === 0) break;
      try {
        await this.start(ours, await this.ask(ours), attempt);
        break;
      } catch (error) {
        this.failure = classify(error);
        this.settings.notify('failed', this.failure, ours[0]?.topic ?? '');
        this.changed();
        await this.wake.wait(backoffMs(attempt, this.settings.backoff));
      }
    }
    this.failure = null;
    this.changed();
  }

  close(): void {
    this.closed = true;
    this.wake.call();
  }

  /**
   * The offsets to seek to. The group's is asked for last, and again: the handler's answer may have fenced a predecessor, whose last commit
   * came after the client looked where to begin.
   */
  private async ask(owners: readonly AssignedPartition[]): Promise<TopicPartitionOffset[]> {
    const settled = (await this.settings.startOffsets?.(owners.map((owner) => owner.toJSON()))) ?? [];
    const committed = await this.client.committed(owners);
    return settled.map((line) => {
      const group = committed.find((offset) => offset.topic === line.topic && offset.partition === line.partition);
      return { ...line, offset: Math.min(line.offset, group?.offset ?? line.offset) };
    });
  }

  private async start(
    owners: readonly AssignedPartition[],
    targets: readonly TopicPartitionOffset[],
    attempt: number,
  ): Promise<void> {
    await this.loop.between(async () => {
      // While partitions are to be given up the client would take it for that.
      const anew = attempt > SEEKS && ![...this.assignment].some(({ revoking }) => revoking);
      for (const target of targets) {
        const owner = this.assignment.get(target.topic, target.partition);
        if (owner === undefined || !owners.includes(owner)) continue;
        await (anew ? this.client.startAt(target) : this.client.seek(target));
      }
      for (const owner of owners) owner.resolving = false;
    });
  }
}
