import { backoffMs, classify, type WeirError } from '@weir/errors';

import type { TopicPartitionOffset } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import { clientCode, clientCodes } from './client-errors.js';
import type { FetchLoop } from './fetch-loop.js';
import type { NativeClient } from './native-client.js';
import type { ConsumerSettings } from './options.js';
import { Wake } from './wake.js';

/**
 * librdkafka begins to read a partition once the group has told it where, and until then refuses to seek (ERR__STATE). Usually that is over by
 * the second try; where the group's answer was lost it never is, and only another client asks again.
 */
const STUCK_MS = 15_000;

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
    /** The client does not begin to read partitions that it was given, and has to be replaced. */
    private readonly stuck: () => void,
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
    let refusedSince: number | null = null;
    for (let attempt = 1; !this.closed; attempt += 1) {
      const ours = owners.filter((owner) => this.assignment.isCurrent(owner) && !owner.revoking);
      if (ours.length === 0) break;
      try {
        await this.start(ours, await this.ask(ours));
        break;
      } catch (error) {
        refusedSince = clientCode(error) === clientCodes.state ? (refusedSince ?? Date.now()) : null;
        if (refusedSince !== null && Date.now() - refusedSince > STUCK_MS) this.stuck();
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

  private async start(owners: readonly AssignedPartition[], targets: readonly TopicPartitionOffset[]): Promise<void> {
    await this.loop.between(async () => {
      for (const target of targets) {
        const owner = this.assignment.get(target.topic, target.partition);
        if (owner !== undefined && owners.includes(owner)) await this.client.seek(target);
      }
      for (const owner of owners) owner.resolving = false;
    });
  }
}
