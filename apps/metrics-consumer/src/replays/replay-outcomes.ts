import type { RecordOutcome } from '@weir/avro';
import { type ConsumedRecord, fingerprint } from '@weir/kafka';
import type { SettlementUnit } from '@weir/metrics-store';
import type { Metrics } from '@weir/telemetry';

import { toDeadLetter } from '../metrics/dead-letter.js';
import type { Refusal } from '../metrics/outcome.js';
import type { Settled } from '../metrics/settlement.js';
import { outcomesMessage } from './outcome-events.js';
import { replayStampOf } from './replay-stamp.js';

/** Of one message: far below what a record of the topic may have. */
const MAX_OUTCOMES = 500;

/** What became of the replayed records of a batch, by replay. */
export type OutcomesByReplay = ReadonlyMap<string, readonly RecordOutcome[]>;

/**
 * Says what became of replayed records: `applied`, `repeated`, or `failed_again` (guarantees, rule 21).
 *
 * In the transaction that settles them, so that each has its outcome wherever a process ends: a record that was settled before has been told
 * of before. Its dead letter, where it failed again, is acknowledged by then. A batch without replayed records asks nothing of the database.
 */
export class ReplayOutcomes {
  private readonly told;

  constructor(
    private readonly options: { readonly topic: string; readonly group: string },
    metrics: Metrics,
    private readonly clock: () => number = Date.now,
  ) {
    this.told = metrics.counter('weir_replay_outcomes_total');
  }

  /** Rejects with StoreUnavailableError; the transaction is then lost. */
  async tell(
    unit: Pick<SettlementUnit, 'isApplied' | 'enqueue'>,
    { stored, deadLettered }: Pick<Settled, 'stored' | 'deadLettered'>,
  ): Promise<OutcomesByReplay> {
    const byReplay = new Map<string, RecordOutcome[]>();
    for (const sample of stored)
      if (sample.sample.replayed)
        this.add(byReplay, sample.record, { outcome: unit.isApplied(sample) ? 'applied' : 'repeated' });
    for (const refusal of deadLettered) this.add(byReplay, refusal.record, { outcome: 'failed_again', refusal });
    if (byReplay.size > 0) await unit.enqueue([...byReplay].flatMap(([id, outcomes]) => this.messages(id, outcomes)));
    return byReplay;
  }

  /** To be called once they are committed. */
  committed(byReplay: OutcomesByReplay): void {
    for (const outcomes of byReplay.values()) for (const { outcome } of outcomes) this.told.inc({ outcome });
  }

  private add(
    byReplay: Map<string, RecordOutcome[]>,
    record: ConsumedRecord,
    { outcome, refusal }: { readonly outcome: RecordOutcome['outcome']; readonly refusal?: Refusal },
  ): void {
    const stamp = replayStampOf(record, this.options.group);
    if (stamp === null) return;
    const { replayId, identity, count } = stamp;
    const { topic, partition, offset } = record;
    const outcomes = byReplay.get(replayId) ?? [];
    byReplay.set(replayId, outcomes);
    outcomes.push({
      identity,
      replay_count: count,
      outcome,
      topic,
      partition,
      offset,
      reason: refusal?.reason ?? null,
      // Neither the topic's id nor the number of tries is part of it.
      fingerprint: refusal === undefined ? null : fingerprint(toDeadLetter(refusal, '', 1)),
    });
  }

  private messages(replayId: string, outcomes: readonly RecordOutcome[]) {
    const messages = [];
    for (let at = 0; at < outcomes.length; at += MAX_OUTCOMES)
      messages.push(
        outcomesMessage(this.options.topic, {
          replayId,
          occurredAt: this.clock(),
          outcomes: outcomes.slice(at, at + MAX_OUTCOMES),
        }),
      );
    return messages;
  }
}
