import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { classify } from '@weir/errors';
import {
  type BatchConsumer,
  type LogProbe,
  type OffsetRange,
  partitionKey,
  type TopicPartitionOffset,
} from '@weir/kafka';
import type { MetricsStore } from '@weir/metrics-store';
import { Rounds } from '@weir/nest-service';

import type { GapCheck } from '../metrics/gap-check.js';
import type { SettlementMetrics } from '../metrics/settlement-metrics.js';
import type { TopicIds } from '../metrics/topic-ids.js';

/** How soon it is noticed that a line is behind where no record arrives that would show it. */
const INTERVAL_MS = 5_000;

/** The part of a running consumer that the watch stands on. */
export type WatchedConsumer = Pick<BatchConsumer, 'idle' | 'position' | 'seek' | 'watermarks'>;

/**
 * Looks whether each line of the ledger stands where reading stands (guarantees, rule 10). A batch that arrives finds out by itself; this
 * is for a topic at rest.
 *
 * Between a line's `next` and the consumer's position, or the first offset that retention has left, lie either records: the database took
 * over from another without its last commits, and the consumer is sent back to them. Or nothing but control records and what retention
 * deleted: then that is settled as a batch would have settled it.
 */
export class LedgerWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Ledger');
  /** By partition, the stretch without records that the last look saw: what is still the same with the next is settled. */
  private seen = new Map<string, string>();
  private readonly rounds = new Rounds(() => this.look(), INTERVAL_MS);

  /** `consumer`: null while there is none. */
  constructor(
    private readonly store: Pick<MetricsStore, 'startOffsets' | 'transaction'>,
    private readonly topicIds: Pick<TopicIds, 'idOf'>,
    private readonly log: Pick<LogProbe, 'lookFrom'>,
    private readonly gaps: Pick<GapCheck, 'verify'>,
    private readonly metrics: Pick<SettlementMetrics, 'moved'>,
    private readonly consumer: () => WatchedConsumer | null,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** Never rejects: a system that is away is asked again with the next look. */
  async look(): Promise<void> {
    const consumer = this.consumer();
    if (consumer === null) return;
    const before = this.seen;
    this.seen = new Map();
    try {
      for (const range of await this.unsettled(consumer)) {
        const { topic, partition, from, to } = range;
        const { firstOffset } = await this.log.lookFrom({ topic, partition, offset: from });
        if (firstOffset !== null && firstOffset < to) await this.goBack(consumer, range);
        else if (before.get(partitionKey(range)) === stretch(range)) await this.settle(range);
        else this.seen.set(partitionKey(range), stretch(range));
      }
    } catch (error) {
      const { code, message } = classify(error);
      this.logger.debug(`Not looked: ${code}: ${message}`);
    }
  }

  /**
   * What lies between the lines and where reading stands, of partitions of which nothing is in hand. Where reading stands is asked before
   * the ledger, which is therefore never behind it by itself.
   */
  private async unsettled(consumer: WatchedConsumer): Promise<OffsetRange[]> {
    const { idle } = consumer;
    if (idle.length === 0) return [];
    const positions = consumer.position;
    const reached = new Map(positions.map((at) => [partitionKey(at), at.offset]));
    for (const mark of await consumer.watermarks(idle))
      reached.set(partitionKey(mark), Math.max(reached.get(partitionKey(mark)) ?? 0, mark.low));
    const lines = await this.store.startOffsets(
      idle.map(({ topic, partition }) => ({ topic, partition, topicId: this.topicIds.idOf(topic) })),
    );
    const next = new Map(lines.map((line) => [partitionKey(line), line.offset]));
    return idle.flatMap(({ topic, partition }) => {
      const key = partitionKey({ topic, partition });
      const [from, to] = [next.get(key) ?? 0, reached.get(key) ?? 0];
      return from < to ? [{ topic, partition, from, to }] : [];
    });
  }

  private async goBack(consumer: WatchedConsumer, { topic, partition, from }: OffsetRange): Promise<void> {
    this.logger.error(`The database lost what it had committed: reading again from ${topic}[${partition}]@${from}`);
    const target: TopicPartitionOffset = { topic, partition, offset: from };
    await consumer.seek([target]);
  }

  /** Looked at once more under the line's lock, where nobody else can settle any of it. */
  private async settle({ topic, partition, from, to }: OffsetRange): Promise<void> {
    const range = { topic, topicId: this.topicIds.idOf(topic), partition, from, to };
    await this.store.transaction([range], async (unit) => {
      const next = unit.nextOf(topic, partition);
      if (next >= to) return;
      const [verdict] = await this.gaps.verify([{ topic, partition, from: next, to }]);
      const { gap = 0, expired = 0 } = verdict ?? {};
      unit.account(topic, partition, { stored: 0, deadLettered: 0, gap, expired });
      this.metrics.moved([
        { topic, outcome: 'gap', count: gap },
        { topic, outcome: 'expired', count: expired },
      ]);
      if (expired > 0)
        this.logger.error(`Retention deleted ${expired} records of ${topic}[${partition}] before they were read`);
    });
  }
}

const stretch = ({ from, to }: OffsetRange): string => `${from} to ${to}`;
