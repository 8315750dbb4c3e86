import type { HistogramCell, Metrics } from '@weir/telemetry';

/** What a batch goes through, in this order; dead letters are published while the transaction of `store` is open. */
export type Stage = 'decode' | 'store' | 'dead_letter';

/** Runs the stages of a batch and tells how long each took, also where it failed. */
export class Stages {
  private readonly durations: Readonly<Record<Stage, HistogramCell>>;

  constructor(metrics: Metrics) {
    const durations = metrics.hotHistogram('weir_consumer_stage_duration_seconds');
    this.durations = {
      decode: durations.of({ stage: 'decode' }),
      store: durations.of({ stage: 'store' }),
      dead_letter: durations.of({ stage: 'dead_letter' }),
    };
  }

  async run<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.durations[stage].observe((performance.now() - began) / 1_000);
    }
  }
}
