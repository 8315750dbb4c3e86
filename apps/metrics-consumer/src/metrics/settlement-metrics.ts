import type { RecordBatch } from '@weir/kafka';
import type { Metrics } from '@weir/telemetry';

import type { Settled } from './settlement.js';

/** Counts what became of records; told once for each try of a batch. */
export class SettlementMetrics {
  private readonly processed;
  private readonly duration;
  private readonly deadLetters;
  private readonly freshness;
  private readonly offsets;

  constructor(
    metrics: Metrics,
    private readonly clock: () => number = Date.now,
  ) {
    this.processed = metrics.counter('kafka_messages_processed_total');
    this.duration = metrics.histogram('kafka_message_processing_duration_seconds');
    this.deadLetters = metrics.counter('kafka_dlq_messages_total');
    this.freshness = metrics.histogram('weir_freshness_seconds');
    this.offsets = metrics.counter('weir_ledger_offsets_total');
  }

  settled(batch: RecordBatch, settled: Settled, seconds: number): void {
    this.processed.inc({ status: 'success' }, settled.stored.length);
    this.processed.inc({ status: 'failure' }, settled.deadLettered.length);
    for (const { reason } of settled.deadLettered) this.deadLetters.inc({ reason });
    for (let i = 0; i < batch.records.length; i += 1) this.duration.observe(seconds);
    this.moved(settled.offsets);
    const now = this.clock();
    for (const { ingestedAt } of settled.stored)
      // 0 in records of v1 and v2; another host's clock may be ahead of ours
      if (ingestedAt > 0) this.freshness.observe(Math.max(now - ingestedAt, 0) / 1_000);
  }

  /** Lines of the ledger moved. */
  moved(offsets: Settled['offsets']): void {
    for (const { topic, outcome, count } of offsets) this.offsets.inc({ topic, outcome }, count);
  }

  /** A system fault ended the try: every record of the batch counts, so that being stuck can be seen. */
  failed(batch: RecordBatch): void {
    this.processed.inc({ status: 'failure' }, batch.records.length);
  }
}
