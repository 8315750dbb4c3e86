import { setTimeout as wait } from 'node:timers/promises';

import { backoffMs, classify, type WeirError } from '@weir/errors';

import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import { clientCode, clientCodes } from './client-errors.js';
import type { FetchLoop } from './fetch-loop.js';
import type { NativeClient } from './native-client.js';
import type { StartingPartition } from './native-consumer.js';
import type { ConsumerSettings } from './options.js';
import { Wake } from './wake.js';

/** What the store and the group are each given to answer before a rebalance is: a member that answers too late is left out of the next one. */
const SOON_MS = 1_500;
/**
 * librdkafka may put off beginning to read a partition that it was given, and until then refuses to seek (ERR__STATE). Usually that is over by
 * the second try; where it waits for an answer that was lost it never is, and only another client asks again.
 */
const STUCK_MS = 15_000;

/** Where the client begins with partitions that it is given. */
interface Starts {
  /** Those without an offset begin at the group's. */
  readonly at: readonly (TopicPartition | StartingPartition)[];
  /** False where the partitions are to be paused, and sought once the store and the group have answered. */
  readonly final: boolean;
}

/**
 * Finds out where newly assigned partitions begin: at the lower of the committed offset and what the handler's store says.
 *
 * Both usually answer in milliseconds, and the client is given the partitions with their offsets. Where they do not, the partitions are
 * assigned all the same, but paused, and sought once both have answered: leaving the assignment unanswered for long would cost the membership
 * at the next rebalance.
 *
 * The client is given offsets, and not left to ask for the committed ones by itself: where the answer to that is an error it does not ask again
 * (rd_kafka_assignment_apply_offsets), and what comes late of its question for the beginning or the end moves the position after a seek
 * (rd_kafka_toppar_offset_retry).
 */
export class StartOffsets {
  private readonly wake = new Wake();
  private readonly ending = new AbortController();
  private failure: WeirError | null = null;

  constructor(
    private readonly settings: Pick<ConsumerSettings, 'startOffsets' | 'fromBeginning' | 'backoff' | 'notify'>,
    private readonly client: Pick<NativeClient, 'committed' | 'seek' | 'watermarks'>,
    private readonly assignment: Assignment,
    private readonly loop: Pick<FetchLoop, 'between'>,
    private readonly changed: () => void,
    /** The client does not begin to read partitions that it was given, and has to be replaced. */
    private readonly stuck: () => void,
  ) {}

  /** Why partitions wait for their start, or null. */
  get waitingFor(): WeirError | null {
    return this.failure;
  }

  /** What is known of it soon; where the handler has no store, that the client is to ask the group. Never rejects. */
  async soon(partitions: readonly TopicPartition[]): Promise<Starts> {
    if (this.settings.startOffsets === undefined || partitions.length === 0) return { at: partitions, final: true };
    if (this.closed) return { at: partitions, final: false };
    const lines = await this.inTime(this.lines(partitions));
    const committed = await this.inTime(this.client.committed(partitions));
    if (committed === null) return { at: partitions, final: false };
    if (lines !== null) return { at: this.merge(partitions, lines, committed), final: true };
    return { at: partitions.map((each) => ({ ...plain(each), offset: offsetIn(committed, each) ?? 0 })), final: false };
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
    this.ending.abort();
    this.wake.call();
  }

  /** The group is asked last: the handler's answer may have fenced a predecessor, whose last commit came just before. */
  private async ask(partitions: readonly TopicPartition[]): Promise<readonly StartingPartition[]> {
    const lines = await this.lines(partitions);
    return this.merge(partitions, lines, await this.client.committed(partitions));
  }

  private get closed(): boolean {
    return this.ending.signal.aborted;
  }

  private async lines(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]> {
    return (await this.settings.startOffsets?.(partitions.map(plain))) ?? [];
  }

  private merge(
    partitions: readonly TopicPartition[],
    lines: readonly TopicPartitionOffset[],
    committed: readonly TopicPartitionOffset[],
  ): StartingPartition[] {
    return partitions.map((each) => {
      const known = [offsetIn(lines, each), offsetIn(committed, each)].filter((offset) => offset !== undefined);
      const offset = known.length > 0 ? Math.min(...known) : this.settings.fromBeginning ? 'beginning' : 'end';
      return { ...plain(each), offset };
    });
  }

  /** What it resolves with; null where it rejects, or does not come soon. */
  private async inTime<T>(answer: Promise<T>): Promise<T | null> {
    const enough = new AbortController();
    const signal = AbortSignal.any([enough.signal, this.ending.signal]);
    const tooLate = wait(SOON_MS, null, { signal }).catch(() => null);
    const first = await Promise.race([answer.catch(() => null), tooLate]);
    enough.abort();
    return first;
  }

  private async start(owners: readonly AssignedPartition[], starts: readonly StartingPartition[]): Promise<void> {
    const targets = await Promise.all(starts.map((start) => this.absolute(start)));
    await this.loop.between(async () => {
      for (const target of targets) {
        const owner = this.assignment.get(target.topic, target.partition);
        if (owner !== undefined && owners.includes(owner)) await this.client.seek(target);
      }
      for (const owner of owners) owner.resolving = false;
    });
  }

  private async absolute({ topic, partition, offset }: StartingPartition): Promise<TopicPartitionOffset> {
    if (typeof offset === 'number') return { topic, partition, offset };
    const { low, high } = await this.client.watermarks({ topic, partition });
    return { topic, partition, offset: offset === 'beginning' ? low : high };
  }
}

const plain = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });

const offsetIn = (offsets: readonly TopicPartitionOffset[], { topic, partition }: TopicPartition): number | undefined =>
  offsets.find((at) => at.topic === topic && at.partition === partition)?.offset;
