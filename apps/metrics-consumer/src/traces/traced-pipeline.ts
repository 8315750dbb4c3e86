import type { RecordBatch } from '@weir/kafka';
import type { Traces } from '@weir/telemetry';

import { MetricsPipeline } from '../metrics/pipeline.js';
import type { Settled } from '../metrics/settlement.js';
import { RecordSpans } from './record-spans.js';
import { ReplayedOutcomes } from './replayed-outcomes.js';
import { TracedDeadLetters } from './traced-dead-letters.js';
import { TracedOutcomes } from './traced-outcomes.js';
import { TracedStore } from './traced-store.js';

type Parts = ConstructorParameters<typeof MetricsPipeline>;

/** The pipeline with spans around its steps. It stands in where traces are on, so that elsewhere no step asks whether they are. */
export class TracedPipeline extends MetricsPipeline {
  private readonly records: RecordSpans;

  /** `deadLetterTopic`: `metrics.dlq`, as this installation calls it. */
  constructor(traces: Traces, deadLetterTopic: string, parts: Parts) {
    const [outcomes, topicIds, store, gaps, deadLetters, replays, ...others] = parts;
    const replayed = new ReplayedOutcomes(replays);
    super(
      new TracedOutcomes(traces, outcomes),
      topicIds,
      new TracedStore(traces, store),
      gaps,
      new TracedDeadLetters(traces, deadLetters, deadLetterTopic),
      replayed,
      ...others,
    );
    this.records = new RecordSpans(traces, replayed);
  }

  override async settle(batch: RecordBatch): Promise<Settled> {
    const startMs = Date.now();
    const settled = await super.settle(batch);
    this.records.settled(settled, startMs);
    return settled;
  }
}
