import type { MetricEvent } from '@weir/avro';
import type { WeirError } from '@weir/errors';
import type { ConsumedRecord, DeadLetter } from '@weir/kafka';
import { LedgerAccountingError, type PositionedSample } from '@weir/metrics-store';

/** A record whose bytes were understood and whose tenant is known. */
export interface DecodedEvent {
  readonly kind: 'event';
  readonly record: ConsumedRecord;
  readonly event: MetricEvent;
  readonly tenantId: string;
}

/** A record that is to be stored, in the form in which the store takes it. */
export interface StorableSample extends PositionedSample {
  readonly kind: 'sample';
  readonly record: ConsumedRecord;
  /** Epoch milliseconds by ingest-api's clock; 0 where the record's schema does not have it. */
  readonly ingestedAt: number;
}

/** A record that can never be stored, and why. */
export interface Refusal {
  readonly kind: 'dead-letter';
  readonly record: ConsumedRecord;
  readonly class: DeadLetter['class'];
  readonly reason: DeadLetter['reason'];
  readonly error: WeirError;
  /** Where it could be told whose record it is. */
  readonly tenantId: string | null;
}

/** What is to become of one record. A broken system is no outcome: it is thrown. */
export type Outcome = StorableSample | Refusal;

/**
 * Throws LedgerAccountingError unless each record has one outcome, in the records' order. A step that lost one would leave what looks like
 * an offset without a record, and one that gave it to a neighbour a ledger that adds up all the same.
 */
export function assertOneEach(records: readonly ConsumedRecord[], outcomes: readonly Outcome[]): void {
  const at = records.findIndex((record, i) => outcomes[i]?.record !== record);
  if (at < 0 && outcomes.length === records.length) return;
  const { topic, partition, offset } = records[at] ?? outcomes[records.length]?.record ?? {};
  throw new LedgerAccountingError(`${topic}[${partition}]@${offset} has not exactly one outcome in its place`);
}
