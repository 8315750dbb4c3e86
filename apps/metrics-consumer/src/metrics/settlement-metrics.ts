import type { RecordBatch } from '@weir/kafka';
import { CappedLabel, type Metrics } from '@weir/telemetry';

import type { RefusalGroup } from './refusal-groups.js';
import type { Settled } from './settlement.js';

/** Tenants that are counted under their own name. */
const NAMED_TENANTS = 100;

/** Counts what became of records; told once for each try of a batch. */
export class SettlementMetrics {
  private readonly processed;
  private readonly duration;
  private readonly deadLetters;
  private readonly freshness;
  private readonly offsets;
  private readonly tenantSamples;
  private readonly tenantDeadLetters;
  private readonly tenantLabel = new CappedLabel(NAMED_TENANTS);

  constructor(
    metrics: Metrics,
    private readonly clock: () => number = Date.now,
  ) {
    this.processed = metrics.counter('kafka_messages_processed_total');
    this.duration = metrics.hotHistogram('kafka_message_processing_duration_seconds').of({});
    this.deadLetters = metrics.counter('kafka_dlq_messages_total');
    this.freshness = metrics.hotHistogram('weir_freshness_seconds').of({});
    this.offsets = metrics.counter('weir_ledger_offsets_total');
    this.tenantSamples = metrics.counter('weir_consumer_tenant_samples_total');
    this.tenantDeadLetters = metrics.counter('weir_consumer_tenant_dead_letters_total');
  }

  settled(batch: RecordBatch, settled: Settled, seconds: number): void {
    this.processed.inc({ status: 'success' }, settled.stored.length);
    this.processed.inc({ status: 'failure' }, settled.deadLettered.length);
    this.duration.observe(seconds, batch.records.length);
    this.moved(settled.offsets);
    this.stored(settled.stored);
  }

  deadLettered(groups: readonly RefusalGroup[]): void {
    for (const { first, count } of groups) {
      const { reason, tenantId } = first;
      const tenant = tenantId === null ? 'unknown' : this.tenantLabel.of(tenantId);
      this.deadLetters.inc({ reason }, count);
      this.tenantDeadLetters.inc({ tenant, reason }, count);
    }
  }

  /** Lines of the ledger moved. */
  moved(offsets: Settled['offsets']): void {
    for (const { topic, outcome, count } of offsets) this.offsets.inc({ topic, outcome }, count);
  }

  /** A system fault ended the try: every record of the batch counts, so that being stuck can be seen. */
  failed(batch: RecordBatch): void {
    this.processed.inc({ status: 'failure' }, batch.records.length);
  }

  private stored(samples: Settled['stored']): void {
    const now = this.clock();
    const byTenant = new Map<string, number>();
    for (const { sample, ingestedAt } of samples) {
      byTenant.set(sample.tenantId, (byTenant.get(sample.tenantId) ?? 0) + 1);
      // 0 in records of v1 and v2; another host's clock may be ahead of ours. A replayed sample is as old as its dead letter: that it is
      // stored now says nothing of how long samples take.
      if (ingestedAt > 0 && !sample.replayed) this.freshness.observe(Math.max(now - ingestedAt, 0) / 1_000);
    }
    for (const [tenantId, count] of byTenant) this.tenantSamples.inc({ tenant: this.tenantLabel.of(tenantId) }, count);
  }
}
