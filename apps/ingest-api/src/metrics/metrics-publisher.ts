import type { MetricEvent } from '@weir/avro';
import { classify } from '@weir/errors';
import type { RecordProducer } from '@weir/kafka';

import type { MetricRecords, RecordOrigin } from './metric-records.js';
import { type ProblemCode, RequestRefused } from './problems.js';

/** What a producer's error means to the caller. Codes that are not here mean that part of it may be stored. */
const NOTHING_SENT: Readonly<Record<string, ProblemCode>> = {
  producer_queue_full: 'overloaded',
  kafka_unavailable: 'kafka_unavailable',
  producer_fatal: 'kafka_unavailable',
};

/** Sends the events of one request to `metrics.raw`. */
export class MetricsPublisher {
  constructor(
    private readonly records: MetricRecords,
    private readonly producer: Pick<RecordProducer, 'send'>,
  ) {}

  /**
   * Guarantee: when it resolves, every event is in the log of all in-sync replicas. When it throws RequestRefused, then with
   * `delivery_unknown` where any part may be there, and with another code where nothing is.
   */
  async publish(events: readonly MetricEvent[], origin: RecordOrigin): Promise<void> {
    if (!this.records.ready) throw new RequestRefused('schema_unavailable');
    const records = this.records.of(events, origin);
    try {
      await this.producer.send(records);
    } catch (thrown) {
      const error = classify(thrown);
      if (error.code === 'record_invalid') throw error; // our mistake, and nothing was sent: an internal error
      throw new RequestRefused(NOTHING_SENT[error.code] ?? 'delivery_unknown', undefined, { cause: error });
    }
  }
}
