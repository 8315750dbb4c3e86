import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { classify } from '@weir/errors';
import type { BatchConsumer, LogProbe, TopicPartitionOffset } from '@weir/kafka';
import type { MetricsStore } from '@weir/metrics-store';

import { partitionKey } from '../metrics/offset-gaps.js';
import type { TopicIds } from '../metrics/topic-ids.js';

/** How soon a lost commit is noticed where no record arrives that would show it. */
const INTERVAL_MS = 5_000;

/** The part of a running consumer that the watch stands on. */
export type WatchedConsumer = Pick<BatchConsumer, 'position' | 'seek'>;

/**
 * Looks whether the database still has what it committed (guarantees, rule 10).
 *
 * One that took over from another without its last commits has a `next` below the consumer's position, and the records between are in
 * nobody's hands: the consumer is sent back to them. A batch that arrives would find out by itself; this is for a topic at rest.
 */
export class LedgerWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Ledger');
  /** By partition, the stretch past its line in which nothing but control records was found. */
  private readonly empty = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  /** `consumer`: null while there is none. */
  constructor(
    private readonly store: Pick<MetricsStore, 'startOffsets'>,
    private readonly topicIds: Pick<TopicIds, 'idOf'>,
    private readonly log: Pick<LogProbe, 'lookFrom'>,
    private readonly consumer: () => WatchedConsumer | null,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() => this.timer?.refresh());
    }, INTERVAL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.looking;
  }

  /** Never rejects: a system that is away is asked again with the next look. */
  async look(): Promise<void> {
    const consumer = this.consumer();
    if (consumer === null) return;
    try {
      const lost = await this.lostBelow(consumer.position);
      if (lost.length === 0) return;
      const places = lost.map(({ topic, partition, offset }) => `${topic}[${partition}]@${offset}`);
      this.logger.error(`The database lost what it had committed: reading again from ${places.join(', ')}`);
      await consumer.seek(lost);
    } catch (error) {
      const { code, message } = classify(error);
      this.logger.debug(`Not looked: ${code}: ${message}`);
    }
  }

  /** Positions are read before the ledger, which is therefore never behind them by itself. */
  private async lostBelow(positions: readonly TopicPartitionOffset[]): Promise<TopicPartitionOffset[]> {
    if (positions.length === 0) return [];
    const lines = await this.store.startOffsets(
      positions.map(({ topic, partition }) => ({ topic, partition, topicId: this.topicIds.idOf(topic) })),
    );
    const next = new Map(lines.map((line) => [partitionKey(line), line.offset]));
    const lost: TopicPartitionOffset[] = [];
    for (const at of positions) {
      const from = { ...at, offset: next.get(partitionKey(at)) ?? 0 };
      if (from.offset < at.offset && (await this.holdsRecords(from, at.offset))) lost.push(from);
    }
    return lost;
  }

  /** A consumer's position counts the control records of transactions too, and the ledger only what a batch has settled. */
  private async holdsRecords(from: TopicPartitionOffset, to: number): Promise<boolean> {
    const key = partitionKey(from);
    const stretch = `${from.offset} to ${to}`;
    if (this.empty.get(key) === stretch) return false;
    const { firstOffset } = await this.log.lookFrom(from);
    const holds = firstOffset !== null && firstOffset < to;
    if (!holds) this.empty.set(key, stretch);
    return holds;
  }
}
