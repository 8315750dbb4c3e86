import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsumerState } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';

import { ConsumerWaits } from './consumer-waits.js';

const state = (status: ConsumerState['status'], reason?: string): ConsumerState => ({
  status,
  since: 0,
  assigned: 1,
  ...(reason !== undefined && { reason }),
});

let metrics: Metrics;
let clock: { now: number };
let waits: ConsumerWaits;
beforeEach(() => {
  metrics = new Metrics();
  clock = { now: 1_000 };
  waits = new ConsumerWaits(metrics, 'g', () => clock.now);
});
const shown = async (name: string): Promise<string[]> =>
  (await metrics.scrape())
    .split('\n')
    .filter((line) => line.startsWith(name))
    .toSorted();

describe('why a consumer reads nothing', () => {
  it('is shown while it is so, and counted in seconds, also before it is over', async () => {
    waits.changed(state('running'));
    clock.now += 5_000;
    waits.changed(state('waiting', 'store_unavailable'));
    clock.now += 2_000;
    expect(await shown('weir_consumer_waiting')).toEqual([
      'weir_consumer_waiting{group="g",reason="store_unavailable"} 1',
    ]);
    expect(await shown('weir_consumer_waited')).toEqual([
      'weir_consumer_waited_seconds_total{group="g",reason="store_unavailable"} 2',
    ]);
    clock.now += 3_000;
    waits.changed(state('running'));
    clock.now += 60_000;
    expect(await shown('weir_consumer_waiting')).toEqual([
      'weir_consumer_waiting{group="g",reason="store_unavailable"} 0',
    ]);
    expect(await shown('weir_consumer_waited')).toEqual([
      'weir_consumer_waited_seconds_total{group="g",reason="store_unavailable"} 5',
    ]);
  });

  it('changes from one cause to another without a gap', async () => {
    waits.changed(state('waiting', 'kafka_unavailable'));
    clock.now += 1_000;
    waits.changed(state('waiting', 'kafka_unavailable'));
    clock.now += 1_000;
    waits.changed(state('failed', 'stalled'));
    clock.now += 4_000;
    expect(await shown('weir_consumer_waiting')).toEqual([
      'weir_consumer_waiting{group="g",reason="kafka_unavailable"} 0',
      'weir_consumer_waiting{group="g",reason="stalled"} 1',
    ]);
    expect(await shown('weir_consumer_waited')).toEqual([
      'weir_consumer_waited_seconds_total{group="g",reason="kafka_unavailable"} 2',
      'weir_consumer_waited_seconds_total{group="g",reason="stalled"} 4',
    ]);
  });
});
