import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PartitionLag } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';

import { PartitionGauges } from './partition-gauges.js';

let metrics: Metrics;
let gauges: PartitionGauges;
beforeEach(() => {
  metrics = new Metrics();
  gauges = new PartitionGauges(metrics, 'g');
});
const at = (partition: number, lag: number, behindMs: number | null): PartitionLag => ({
  topic: 't',
  partition,
  lag,
  behindMs,
  end: 100,
  next: 100 - lag,
});
const shown = async (name: string): Promise<string[]> =>
  (await metrics.scrape())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.replace(/^.*partition="(\d+)".*} /, '$1: '))
    .toSorted();

describe('the lag of partitions', () => {
  it('is shown of those that the consumer has, and no longer of one that it lost, however that was told', async () => {
    gauges.show([at(0, 5, 4_000), at(1, 7, 600_000)]);
    expect(await shown('weir_consumer_lag_seconds')).toEqual(['0: 4', '1: 600']);
    gauges.forget([at(0, 0, 0)]);
    gauges.show([at(0, 5, 4_000), at(1, 7, 601_000)]); // measured before the partition went, told after
    gauges.show([at(1, 0, 0)]);
    expect(await shown('weir_consumer_lag_seconds')).toEqual(['1: 0']);
    expect(await shown('kafka_consumer_lag')).toEqual(['1: 0']);
    gauges.show([]);
    expect(await shown('kafka_consumer_lag')).toEqual([]);
  });

  it('has no time while none of its records was fetched', async () => {
    gauges.show([at(0, 5, 4_000)]);
    gauges.show([at(0, 5, null)]);
    expect(await shown('weir_consumer_lag_seconds')).toEqual([]);
    expect(await shown('kafka_consumer_lag')).toEqual(['0: 5']);
  });
});
