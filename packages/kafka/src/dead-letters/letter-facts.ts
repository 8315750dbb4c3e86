import type { RecordHeader } from '../records.js';
import { deadLetterClass, isDeadLetterReason } from './dead-letter.js';
import type { DeadLetterEnvelope } from './envelope.js';
import { isUnreadable, parseEnvelope, type UnreadableEnvelope } from './parse-envelope.js';
import { REPLAY_COUNT_HEADER, REPLAY_ID_HEADER } from './replay-headers.js';

/** What is known about a dead letter, without the failed record's bytes. */
export interface LetterFacts {
  readonly metadata: DeadLetterEnvelope['dlq_metadata'];
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** Of the record's value; null where it had none. */
  readonly valueBytes: number | null;
  readonly omittedBytes: number;
  /** The headers by which a replay has marked the record. */
  readonly stamps: readonly RecordHeader[];
}

/**
 * As `parseEnvelope`, for whoever needs no bytes of the record. Never throws.
 *
 * An envelope as `DeadLetterPublisher` writes it is read by its layout, which takes a third of the time and makes no object of what is not asked
 * for. All others, and long ones, are parsed as any JSON; the answer is the same.
 */
export function letterFacts(value: Buffer | null): LetterFacts | UnreadableEnvelope {
  return (value === null || value.length > LONG_BYTES ? null : factsByLayout(value)) ?? factsByParsing(value);
}

/** A text keeps all that it was cut out of, and a pattern its way back. */
const LONG_BYTES = 16 * 1024;

// Texts without escapes, numbers that are safe, and members in their order.
const CHARACTERS = String.raw`[^"\\\u0000-\u001f]*`;
const TEXT = `"(${CHARACTERS})"`;
const TEXT_OR_NULL = `(?:null|${TEXT})`;
const NATURAL = String.raw`(0|[1-9]\d{0,14})`;
const HEX = '"(?:[0-9a-f]{2})*"';
const HEADER = String.raw`\{"key":"${CHARACTERS}","value_hex":(?:null|${HEX})\}`;
const LAYOUT = new RegExp(
  String.raw`^\{"dlq_metadata":\{"routed_at_utc":${TEXT},"reason":${TEXT},"error":${TEXT},"class":${TEXT},"fingerprint":${TEXT},` +
    String.raw`"attempts":${NATURAL},"consumer_group":${TEXT},"service_version":${TEXT},"schema_id":(?:null|${NATURAL}),` +
    String.raw`"tenant_id":${TEXT_OR_NULL},"trace_id":${TEXT_OR_NULL}\},` +
    String.raw`"source":\{"topic":${TEXT},"partition":${NATURAL},"offset":${NATURAL},"timestamp_ms":(-1|0|[1-9]\d{0,14}),"key":(?:null|"${CHARACTERS}"),` +
    String.raw`"raw_value_hex":(?:null|"([0-9a-f]*)"),"headers":\[((?:${HEADER}(?:,${HEADER})*)?)\],"key_hex":(?:null|${HEX})` +
    String.raw`(?:,"omitted_bytes":${NATURAL})?\}\}$`,
);
/** How names of headers begin by which a replay marks a record. */
const STAMP = '"weir-replay-';
const STAMPS = new Set([REPLAY_ID_HEADER, REPLAY_COUNT_HEADER]);

/** Null where the layout is another, or what stands in it is for `parseEnvelope` to judge. */
function factsByLayout(value: Buffer): LetterFacts | null {
  const found = LAYOUT.exec(value.toString('utf8'));
  if (found === null) return null;
  const [, routedAt = '', reason = '', error = '', , fingerprint = '', attempts, group = '', version = '', schemaId] =
    found;
  const hex = found[16];
  const headers = found[17] ?? '';
  if (!isDeadLetterReason(reason) || Number.isNaN(Date.parse(routedAt))) return null;
  if (hex !== undefined && hex.length % 2 !== 0) return null;
  return {
    metadata: {
      routed_at_utc: routedAt,
      reason,
      error,
      class: deadLetterClass(reason),
      fingerprint,
      attempts: Number(attempts),
      consumer_group: group,
      service_version: version,
      schema_id: schemaId === undefined ? null : Number(schemaId),
      tenant_id: found[10] ?? null,
      trace_id: found[11] ?? null,
    },
    topic: found[12] ?? '',
    partition: Number(found[13]),
    offset: Number(found[14]),
    timestampMs: Number(found[15]),
    valueBytes: hex === undefined ? null : hex.length / 2,
    omittedBytes: Number(found[18] ?? 0),
    stamps: headers.includes(STAMP) ? stampsIn(JSON.parse(`[${headers}]`)) : [],
  };
}

function factsByParsing(value: Buffer | null): LetterFacts | UnreadableEnvelope {
  const envelope = parseEnvelope(value);
  if (isUnreadable(envelope)) return envelope;
  const { dlq_metadata: metadata, source } = envelope;
  return {
    metadata,
    topic: source.topic,
    partition: source.partition,
    offset: source.offset,
    timestampMs: source.timestamp_ms,
    valueBytes: source.raw_value_hex === null ? null : source.raw_value_hex.length / 2,
    omittedBytes: source.omitted_bytes ?? 0,
    stamps: stampsIn(source.headers),
  };
}

/** The others are left in hexadecimal. */
function stampsIn(headers: DeadLetterEnvelope['source']['headers']): RecordHeader[] {
  return headers.flatMap(({ key, value_hex: hex }) =>
    STAMPS.has(key) ? [{ key, value: hex === null ? null : Buffer.from(hex, 'hex') }] : [],
  );
}
