import type { MetricEvent } from '@weir/avro';
import { classify } from '@weir/errors';
import type { RecordBlock, RecordProducer } from '@weir/kafka';

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
    private readonly producer: Pick<RecordProducer, 'sendBlock'>,
  ) {}

  /** As this installation calls it. */
  get topic(): string {
    return this.records.topic;
  }

  /** Throws RequestRefused `schema_unavailable` while the schema's id is not known. */
  recordsOf(events: readonly MetricEvent[], origin: RecordOrigin): RecordBlock {
    if (!this.records.ready) throw new RequestRefused('schema_unavailable');
    return this.records.of(events, origin);
  }

  /**
   * Guarantee: when it resolves, every record is in the log of all in-sync replicas. When it rejects with RequestRefused, then with
   * `delivery_unknown` where any part may be there, and with another code where nothing is.
   *
   * It is no async function, since one keeps all that it was given for as long as it waits.
   */
  send(records: RecordBlock): Promise<void> {
    return this.producer.sendBlock(records).catch(refuse);
  }
}

function refuse(thrown: unknown): never {
  const error = classify(thrown);
  if (error.code === 'record_invalid') throw error; // our mistake, and nothing was sent: an internal error
  throw new RequestRefused(NOTHING_SENT[error.code] ?? 'delivery_unknown', undefined, { cause: error });
}

/** Headers, the frame of a record in its batch, and what the client keeps beside each. */
const RECORD_OVERHEAD_BYTES = 400;

/** About what records take in memory until they are acknowledged. */
export function bytesOf({ keys, values }: RecordBlock): number {
  return RECORD_OVERHEAD_BYTES * values.ends.length + (keys.ends.at(-1) ?? 0) + (values.ends.at(-1) ?? 0);
}
