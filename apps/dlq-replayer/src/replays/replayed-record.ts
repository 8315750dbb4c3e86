import {
  type ConsumedRecord,
  type DeadLetterEnvelope,
  headerText,
  ORIGIN_HEADER,
  ORIGIN_TIMESTAMP_HEADER,
  type OutgoingRecord,
  type RecordHeader,
  REPLAY_COUNT_HEADER,
  REPLAY_ID_HEADER,
} from '@weir/kafka';

const OWN_HEADERS = new Set([REPLAY_ID_HEADER, REPLAY_COUNT_HEADER, ORIGIN_TIMESTAMP_HEADER, ORIGIN_HEADER]);

/** What a replay adds to a record. */
export interface ReplayStamp {
  readonly replayId: string;
  readonly count: number;
  /** `<topic id>/<partition>/<offset>/<group>` of the record that was first. */
  readonly identity: string;
}

export interface ReplayedRecord {
  readonly record: OutgoingRecord;
  /** Some headers had no value (null); Kafka's client cannot write that, so they have an empty one. */
  readonly nullHeadersEmptied: boolean;
}

/**
 * The record of a dead letter as it is published back: topic, key, value and headers as they were first seen, and what the replay adds.
 *
 * Headers of an earlier replay are replaced, except for when the record was first appended. The partition follows from the key, as
 * it did at first; the broker stamps the time.
 */
export function replayedRecord(
  { source }: DeadLetterEnvelope,
  { key, value, headers }: Pick<ConsumedRecord, 'key' | 'value' | 'headers'>,
  stamp: ReplayStamp,
): ReplayedRecord {
  const own = headers.filter(({ key: name }) => !OWN_HEADERS.has(name));
  return {
    record: {
      topic: source.topic,
      key,
      value,
      headers: [
        ...own.map((header) => ({ key: header.key, value: header.value ?? EMPTY })),
        text(REPLAY_ID_HEADER, stamp.replayId),
        text(REPLAY_COUNT_HEADER, String(stamp.count)),
        text(ORIGIN_HEADER, stamp.identity),
        text(ORIGIN_TIMESTAMP_HEADER, originTimestamp(source, headers)),
      ],
    },
    nullHeadersEmptied: own.some((header) => header.value === null),
  };
}

/** The first append time is the failed record's own, or the one that it brought from before if it was itself replayed. */
function originTimestamp(source: DeadLetterEnvelope['source'], headers: ConsumedRecord['headers']): string {
  const replayed = headers.some(({ key }) => key === REPLAY_ID_HEADER);
  return replayed ? (headerText(headers, ORIGIN_TIMESTAMP_HEADER) ?? '') : String(source.timestamp_ms);
}

const EMPTY = Buffer.alloc(0);

const text = (key: string, value: string): RecordHeader => ({ key, value: Buffer.from(value) });
