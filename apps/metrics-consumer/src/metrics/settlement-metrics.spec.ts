import { describe, expect, it } from '@jest/globals';
import type { RecordBatch } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';

import type { StorableSample } from './outcome.js';
import { SettlementMetrics } from './settlement-metrics.js';

const NOW = 1_000_000;
const stored = (replayed: boolean, ingestedAt: number): StorableSample =>
  ({ sample: { tenantId: 'acme', replayed }, ingestedAt }) as StorableSample;

describe('freshness', () => {
  it('is that of samples that came by the usual way: what is replayed after a week burns no budget', async () => {
    const metrics = new Metrics();
    const samples = [stored(false, NOW - 2_000), stored(true, NOW - 604_800_000), stored(false, 0)];
    const batch = { records: [] } as unknown as RecordBatch;
    new SettlementMetrics(metrics, () => NOW).settled(
      batch,
      { stored: samples, deadLettered: [], repeated: 0, offsets: [] },
      0.1,
    );
    const text = await metrics.scrape();
    expect(text).toContain('weir_freshness_seconds_count 1\n');
    expect(text).toContain('weir_freshness_seconds_sum 2\n');
    expect(text).toContain('weir_consumer_tenant_samples_total{tenant="acme"} 3\n');
  });
});
