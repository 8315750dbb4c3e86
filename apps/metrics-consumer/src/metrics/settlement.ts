import type { ConsumedRecord, TopicPartition } from '@weir/kafka';
import type { PartitionRange, RefusedSample, SettlementUnit } from '@weir/metrics-store';

import { gapsIn, type OffsetRange, partitionKey } from './offset-gaps.js';
import type { Outcome, Refusal, StorableSample } from './outcome.js';

/** What a gap turned out to be. */
export interface GapVerdict {
  readonly range: OffsetRange;
  /** Nothing is there for a read_committed reader. */
  readonly gap: number;
  /** Deleted by retention before anyone read it. */
  readonly expired: number;
}

/** What became of the part of a batch that was not settled before. */
export interface Settled {
  readonly stored: readonly StorableSample[];
  readonly deadLettered: readonly Refusal[];
  /** Records below `next`: an earlier transaction settled them. */
  readonly repeated: number;
  /** What the ledger's lines moved by. */
  readonly offsets: readonly OffsetCount[];
}

interface OffsetCount {
  readonly topic: string;
  readonly outcome: 'stored' | 'dead_lettered' | 'gap' | 'expired';
  readonly count: number;
}

/** The work of one transaction: what a batch still has to settle while its ledger lines are held. */
export class Settlement {
  /** Everything that cannot be stored, in the order in which that was found out. */
  readonly refusals: Refusal[];
  /** Offsets at which the batch has no record, from each line's `next` on. */
  readonly gaps: readonly OffsetRange[];
  private samples: StorableSample[];
  private readonly repeated: number;

  /** Leaves out what lies below each line's `next`, as read under its lock: guarantees, rule 8. */
  constructor(
    private readonly unit: SettlementUnit,
    private readonly ranges: readonly PartitionRange[],
    outcomes: readonly Outcome[],
  ) {
    const unsettled = outcomes.filter(({ record }) => record.offset >= unit.nextOf(record.topic, record.partition));
    this.repeated = outcomes.length - unsettled.length;
    this.refusals = unsettled.filter((outcome) => outcome.kind === 'dead-letter');
    this.samples = unsettled.filter((outcome) => outcome.kind === 'sample');
    this.gaps = missingOffsets(unit, ranges, unsettled);
  }

  /**
   * Writes all samples or none; answers those that the database refuses, which from then on are refusals.
   *
   * Call again, once their dead letters are acknowledged, until the answer is empty.
   */
  async write(): Promise<readonly Refusal[]> {
    if (this.samples.length === 0) return [];
    const refused = await this.unit.write(
      this.samples.map(({ record: { topic, partition, offset }, sample }) => ({ topic, partition, offset, sample })),
    );
    if (refused.length === 0) return [];
    const errors = new Map(refused.map((sample) => [positionKey(sample), sample]));
    const refusals = this.samples.flatMap((sample) => rejection(sample, errors.get(positionKey(sample.record))));
    this.samples = this.samples.filter(({ record }) => !errors.has(positionKey(record)));
    this.refusals.push(...refusals);
    return refusals;
  }

  /** Tells the ledger what became of each offset, gaps included. */
  account(verdicts: readonly GapVerdict[]): Settled {
    const offsets: OffsetCount[] = [];
    for (const { topic, partition, to } of this.ranges) {
      if (to <= this.unit.nextOf(topic, partition)) continue;
      const here = (at: TopicPartition): boolean => at.partition === partition && at.topic === topic;
      const gaps = verdicts.filter(({ range }) => here(range));
      const stored = this.samples.filter(({ record }) => here(record)).length;
      const deadLettered = this.refusals.filter(({ record }) => here(record)).length;
      const gap = gaps.reduce((sum, verdict) => sum + verdict.gap, 0);
      const expired = gaps.reduce((sum, verdict) => sum + verdict.expired, 0);
      this.unit.account(topic, partition, { stored, deadLettered, gap, expired });
      offsets.push(
        { topic, outcome: 'stored', count: stored },
        { topic, outcome: 'dead_lettered', count: deadLettered },
        { topic, outcome: 'gap', count: gap },
        { topic, outcome: 'expired', count: expired },
      );
    }
    return { stored: this.samples, deadLettered: this.refusals, repeated: this.repeated, offsets };
  }
}

function missingOffsets(
  unit: SettlementUnit,
  ranges: readonly PartitionRange[],
  unsettled: readonly Outcome[],
): OffsetRange[] {
  const records = new Map<string, ConsumedRecord[]>(ranges.map((range) => [partitionKey(range), []]));
  for (const { record } of unsettled) records.get(partitionKey(record))?.push(record);
  return ranges.flatMap((range) =>
    gapsIn(records.get(partitionKey(range)) ?? [], unit.nextOf(range.topic, range.partition)),
  );
}

function rejection({ record, sample }: StorableSample, refused: RefusedSample | undefined): Refusal[] {
  if (refused === undefined) return [];
  const { error } = refused;
  return [{ kind: 'dead-letter', record, class: 'rejected', reason: 'database', error, tenantId: sample.tenantId }];
}

function positionKey({ topic, partition, offset }: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`;
}
