import { type ConsumedRecord, type OffsetRange, partitionKey } from '@weir/kafka';
import type { PartitionRange, RefusedSample, SettlementUnit } from '@weir/metrics-store';

import { gapsIn, groupByPartition } from './offset-gaps.js';
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
  readonly outcome: 'stored' | 'dead_lettered' | 'gap' | 'expired' | 'skipped';
  readonly count: number;
}

/** The work of one transaction: what a batch still has to settle while its ledger lines are held. */
export class Settlement {
  /** Everything that cannot be stored, in the order in which that was found out. */
  readonly refusals: Refusal[] = [];
  /** Offsets at which the batch has no record, from each line's `next` on. */
  readonly gaps: readonly OffsetRange[];
  /** How many records lie below their line's `next`. */
  readonly repeated: number;
  private samples: StorableSample[] = [];

  /** Leaves out what lies below each line's `next`, as read under its lock: guarantees, rule 8. */
  constructor(
    private readonly unit: Pick<SettlementUnit, 'nextOf' | 'write' | 'account'>,
    private readonly ranges: readonly PartitionRange[],
    outcomes: readonly Outcome[],
  ) {
    const byPartition = groupByPartition(outcomes, ({ record }) => record);
    this.gaps = ranges.flatMap((range) => {
      const next = unit.nextOf(range.topic, range.partition);
      const here = byPartition.get(partitionKey(range)) ?? [];
      for (const outcome of here) if (outcome.record.offset >= next) this.take(outcome);
      return gapsIn(
        here.map(({ record }) => record),
        next,
      );
    });
    this.repeated = outcomes.length - this.samples.length - this.refusals.length;
  }

  /**
   * Writes all samples or none; answers those that the database refuses, which from then on are refusals.
   *
   * Call again, once their dead letters are acknowledged, until the answer is empty.
   */
  async write(): Promise<readonly Refusal[]> {
    if (this.samples.length === 0) return [];
    const refused = await this.unit.write(this.samples);
    if (refused.length === 0) return [];
    const errors = new Map(refused.map((sample) => [positionKey(sample), sample]));
    const refusals = this.samples.flatMap((sample) => rejection(sample, errors.get(positionKey(sample))));
    this.samples = this.samples.filter((sample) => !errors.has(positionKey(sample)));
    this.refusals.push(...refusals);
    return refusals;
  }

  /** Tells the ledger what became of each offset, gaps included. */
  account(verdicts: readonly GapVerdict[]): Settled {
    const stored = groupByPartition(this.samples, ({ record }) => record);
    const deadLettered = groupByPartition(this.refusals, ({ record }) => record);
    const offsets: OffsetCount[] = [];
    for (const { topic, partition, to } of this.ranges) {
      if (to <= this.unit.nextOf(topic, partition)) continue;
      const key = partitionKey({ topic, partition });
      const gaps = verdicts.filter(({ range }) => partitionKey(range) === key);
      const counts = {
        stored: stored.get(key)?.length ?? 0,
        deadLettered: deadLettered.get(key)?.length ?? 0,
        gap: gaps.reduce((sum, verdict) => sum + verdict.gap, 0),
        expired: gaps.reduce((sum, verdict) => sum + verdict.expired, 0),
      };
      this.unit.account(topic, partition, counts);
      offsets.push(
        { topic, outcome: 'stored', count: counts.stored },
        { topic, outcome: 'dead_lettered', count: counts.deadLettered },
        { topic, outcome: 'gap', count: counts.gap },
        { topic, outcome: 'expired', count: counts.expired },
      );
    }
    return { stored: this.samples, deadLettered: this.refusals, repeated: this.repeated, offsets };
  }

  private take(outcome: Outcome): void {
    if (outcome.kind === 'sample') this.samples.push(outcome);
    else this.refusals.push(outcome);
  }
}

function rejection({ record, sample }: StorableSample, refused: RefusedSample | undefined): Refusal[] {
  if (refused === undefined) return [];
  const { error } = refused;
  return [{ kind: 'dead-letter', record, class: 'rejected', reason: 'database', error, tenantId: sample.tenantId }];
}

function positionKey({ topic, partition, offset }: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`;
}
