import type { TopicPartition } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import { consumerError } from './client-errors.js';
import type { Delivery } from './delivery.js';
import type { FetchLoop } from './fetch-loop.js';
import type { NativeClient } from './native-client.js';
import type { OffsetCommitter } from './offset-committer.js';
import type { ConsumerSettings } from './options.js';
import type { RecordBuffer } from './record-buffer.js';
import type { StartOffsets } from './start-offsets.js';

const COMMIT_TIMEOUT_MS = 5_000;

/** Answers the group's rebalances, one after another, while polling goes on. */
export class Rebalances {
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: ConsumerSettings,
    private readonly client: NativeClient,
    private readonly loop: FetchLoop,
    private readonly assignment: Assignment,
    private readonly buffer: RecordBuffer,
    private readonly delivery: Delivery,
    private readonly committer: OffsetCommitter,
    private readonly starts: StartOffsets,
    private readonly changed: () => void,
  ) {}

  handle(kind: 'assign' | 'revoke' | 'lost', partitions: readonly TopicPartition[]): void {
    this.queue = this.queue
      .then(() => (kind === 'assign' ? this.assign(partitions) : this.giveUp(partitions, kind === 'lost')))
      .catch((error: unknown) => {
        this.settings.notify('failed', consumerError(error), '');
      })
      .finally(this.changed);
  }

  private async assign(partitions: readonly TopicPartition[]): Promise<void> {
    let owners: AssignedPartition[] = [];
    const { at, final } = await this.starts.soon(partitions);
    await this.loop.between(() => {
      this.client.assign(at);
      owners = this.assignment.add(partitions);
      for (const owner of owners) owner.resolving = !final;
    });
    if (!final) void this.starts.resolve(owners);
    this.settings.notify('assigned', partitions);
  }

  /**
   * 1. Nothing more of these partitions is delivered; what was fetched ahead is forgotten.
   * 2. The batch that has records of them is waited for, then asked to give up.
   * 3. What is settled is committed, while the generation is still ours.
   * 4. They are handed back. From here on no outcome is committed for them.
   * For partitions that are lost already, 2 is not waited for and 3 is left out: another member may own them by now.
   */
  private async giveUp(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    const owners = this.assignment.select(partitions);
    for (const owner of owners) owner.revoking = true;
    this.buffer.drop(owners);
    if (lost) {
      this.assignment.remove(partitions);
      this.delivery.abandon(owners);
    } else {
      await this.loop.urgently(async () => {
        await this.delivery.release(owners, this.settings.revokeTimeoutMs);
        await this.committer.drain(COMMIT_TIMEOUT_MS);
      });
    }
    await this.loop.between(() => {
      const left = lost ? owners : this.assignment.select(partitions);
      this.assignment.remove(partitions);
      this.buffer.drop(left); // what a call that was under way brought since
      // The client would keep the pause for the next time that it is given the partition (RD_KAFKA_TOPPAR_F_APP_PAUSE), and read nothing of it.
      const paused = left.filter((owner) => owner.pausedInClient);
      if (paused.length > 0) this.client.resume(paused);
      this.client.unassign(partitions);
    });
    this.settings.notify('revoked', partitions, lost);
  }
}
