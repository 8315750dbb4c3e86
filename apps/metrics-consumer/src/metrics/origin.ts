import { type ConsumedRecord, ORIGIN_TIMESTAMP_HEADER, REPLAY_ID_HEADER } from '@weir/kafka';

/** When a record was first appended, and whether this copy of it comes from a replay. */
export interface Origin {
  /** Epoch milliseconds by the broker's clock. */
  readonly version: number;
  readonly replayed: boolean;
}

/**
 * A live record's version is its append time; a replayed one carries its origin's.
 *
 * A replayed record whose origin cannot be read gets version 0: its value is stored where there is none and never
 * replaces another, so nothing is lost and no newer correction is undone.
 */
export function originOf(record: ConsumedRecord): Origin {
  let replayed = false;
  let origin: Buffer | null = null;
  for (const { key, value } of record.headers) {
    if (key === REPLAY_ID_HEADER) replayed = true;
    else if (key === ORIGIN_TIMESTAMP_HEADER) origin = value; // the last one counts, as in Kafka's own clients
  }
  if (!replayed) return { version: record.timestampMs, replayed };
  const text = origin?.toString('utf8') ?? '';
  const version = /^\d{1,15}$/.test(text) ? Math.min(Number(text), record.timestampMs) : 0;
  return { version, replayed };
}
