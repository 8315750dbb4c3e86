import type { ConsumedRecord, DeadLetterPublisher, RecordBatch } from '@weir/kafka';
import type { MetricsStore, PartitionRange, SettlementUnit } from '@weir/metrics-store';

import { type Breaker, lineOf } from '../breaker/breaker.js';
import { TenantTally } from '../breaker/dead-letter-share.js';
import { toDeadLetter } from './dead-letter.js';
import type { OutcomesByReplay, ReplayOutcomes } from '../replays/replay-outcomes.js';
import type { GapCheck } from './gap-check.js';
import { assertOneEach, type Outcome, type Refusal } from './outcome.js';
import type { OutcomeStep } from './outcome.step.js';
import { type Settled, Settlement } from './settlement.js';
import type { Stages } from './stages.js';
import type { TopicIds } from './topic-ids.js';

/**
 * Settles one batch of `metrics.raw`.
 *
 * Guarantee: when `settle` resolves, each record's value is in the store, or its dead letter is acknowledged, the ledger
 * says which, and the batch's offsets may be committed. It rejects only for a broken system, never for a bad record, and
 * may be called again with the same batch.
 */
export class MetricsPipeline {
  constructor(
    private readonly outcomes: Pick<OutcomeStep, 'begin' | 'apply'>,
    private readonly topicIds: TopicIds,
    private readonly store: Pick<MetricsStore, 'transaction'>,
    private readonly gaps: GapCheck,
    private readonly deadLetters: Pick<DeadLetterPublisher, 'publish'>,
    private readonly replays: Pick<ReplayOutcomes, 'tell' | 'committed'>,
    private readonly breaker: Pick<Breaker, 'admit' | 'judge' | 'settled' | 'written' | 'failedToWrite' | 'pass'>,
    private readonly stages: Stages,
  ) {}

  /** Tells of records that are fetched, whose batch comes later or, where their partition goes, never. */
  fetched(records: readonly ConsumedRecord[]): void {
    this.outcomes.begin(records);
  }

  async settle(batch: RecordBatch): Promise<Settled> {
    this.breaker.admit();
    const outcomes = await this.stages.run('decode', () => this.outcomes.apply(batch.records));
    assertOneEach(batch.records, outcomes);
    const ranges = await this.topicIds.rangesOf(batch.records);
    let settled: Settled = { stored: [], deadLettered: [], repeated: outcomes.length, offsets: [] };
    let told: OutcomesByReplay = new Map();
    const judged = this.tally(outcomes);
    this.breaker.judge(judged);
    // The partition may have been lost while the registry or a broker was waited for.
    batch.signal.throwIfAborted();
    const settle = async (unit: SettlementUnit): Promise<void> => {
      const work = new Settlement(unit, ranges, outcomes); //   1. the lines are held; what lies below `next` is left out,
      if (work.repeated > 0) await this.confirm(ranges); //        if it is of this topic and not of one made in its place
      const gaps = await this.gaps.verify(work.gaps); //        2. an offset without a record is looked for once more
      await this.publish(work.refusals, batch); //              3. dead letters are acknowledged before anything commits
      for (let refused = await work.write(); refused.length > 0; refused = await work.write())
        await this.publish(refused, batch); //                  4. rows; those that the database refuses alone follow 3
      settled = work.account(gaps); //                          5. each offset counts once
      told = await this.replays.tell(unit, settled); //         6. outcomes of replayed records into the outbox
    };
    await this.stages.run('store', () => this.store.transaction(ranges, settle)); // 7. rows, outcomes and ledger commit as one
    this.breaker.settled(judged);
    this.replays.committed(told);
    return settled; //                                          8. the transport commits the offsets
  }

  /** What an operator let pass is not judged again. */
  private tally(outcomes: readonly Outcome[]): TenantTally {
    const tally = new TenantTally();
    const below = this.breaker.pass?.below ?? null;
    for (const outcome of outcomes) {
      const { topic, partition, offset } = outcome.record;
      if (below !== null && offset < (below[lineOf(this.topicIds.idOf(topic), partition)] ?? 0)) continue;
      if (outcome.kind === 'sample') tally.add(outcome.sample.tenantId, false);
      else tally.add(outcome.tenantId, true);
    }
    return tally;
  }

  private confirm(ranges: readonly PartitionRange[]): Promise<void> {
    return this.topicIds.confirm([...new Set(ranges.map(({ topic }) => topic))]);
  }

  private async publish(refusals: readonly Refusal[], batch: RecordBatch): Promise<void> {
    batch.signal.throwIfAborted();
    if (refusals.length === 0) return;
    try {
      const letters = refusals.map((refusal) =>
        toDeadLetter(refusal, this.topicIds.idOf(refusal.record.topic), batch.attempt),
      );
      await this.stages.run('dead_letter', () => this.deadLetters.publish(letters));
    } catch (error) {
      await this.breaker.failedToWrite(error);
      throw error;
    }
    this.breaker.written();
  }
}
