import { messageOf } from '@weir/errors';

import type { ConsumedRecord } from '../records.js';
import { deadLetterClass, isDeadLetterReason } from './dead-letter.js';
import type { DeadLetterEnvelope } from './envelope.js';

/** Why a value of the DLQ is no envelope. */
export interface UnreadableEnvelope {
  readonly unreadable: string;
}

export const isUnreadable = (parsed: object): parsed is UnreadableEnvelope => 'unreadable' in parsed;

/**
 * Reads a value of the DLQ. Never throws: what is no envelope is told, so that a bad record blocks nobody.
 *
 * The shape of the source document alone (reason, error and the six facts of `source`) is read too; what Weir adds to it
 * is then null, empty or derived from the reason.
 */
export function parseEnvelope(value: Buffer | null): DeadLetterEnvelope | UnreadableEnvelope {
  if (value === null) return { unreadable: 'the record has no value' };
  try {
    const parsed: unknown = JSON.parse(value.toString('utf8'));
    const envelope = fields(parsed, 'the envelope');
    return {
      dlq_metadata: metadata(fields(envelope['dlq_metadata'], 'dlq_metadata')),
      source: source(fields(envelope['source'], 'source')),
    };
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

/** The failed record's own bytes, as they were; null where the dead letter does not hold all of them. */
export function originalBytes({
  source: { key_hex, raw_value_hex, headers, omitted_bytes = 0 },
}: DeadLetterEnvelope): Pick<ConsumedRecord, 'key' | 'value' | 'headers'> | null {
  if (omitted_bytes > 0) return null;
  return {
    key: bytes(key_hex),
    value: bytes(raw_value_hex),
    headers: headers.map(({ key, value_hex }) => ({ key, value: bytes(value_hex) })),
  };
}

const bytes = (hex: string | null): Buffer | null => (hex === null ? null : Buffer.from(hex, 'hex'));

type Fields = Readonly<Record<string, unknown>>;

function metadata(from: Fields): DeadLetterEnvelope['dlq_metadata'] {
  const reason = text(from, 'reason');
  if (!isDeadLetterReason(reason)) throw new TypeError(`"${reason.slice(0, 100)}" is no reason of a dead letter`);
  return {
    routed_at_utc: time(from, 'routed_at_utc'),
    reason,
    error: text(from, 'error'),
    class: deadLetterClass(reason),
    fingerprint: textOrNull(from, 'fingerprint') ?? '',
    attempts: integerOrNull(from, 'attempts') ?? 1,
    consumer_group: textOrNull(from, 'consumer_group') ?? '',
    service_version: textOrNull(from, 'service_version') ?? '',
    schema_id: integerOrNull(from, 'schema_id'),
    tenant_id: textOrNull(from, 'tenant_id'),
    trace_id: textOrNull(from, 'trace_id'),
  };
}

function source(from: Fields): DeadLetterEnvelope['source'] {
  const key = textOrNull(from, 'key');
  const omittedBytes = from['omitted_bytes'] === undefined ? 0 : natural(from, 'omitted_bytes');
  const headers: unknown = from['headers'] ?? [];
  if (!Array.isArray(headers)) throw new TypeError('headers is no list');
  return {
    topic: text(from, 'topic'),
    partition: natural(from, 'partition'),
    offset: natural(from, 'offset'),
    timestamp_ms: integer(from, 'timestamp_ms'),
    key,
    raw_value_hex: hexOrNull(from, 'raw_value_hex'),
    headers: headers.map((entry) => {
      const header = fields(entry, 'a header');
      return { key: text(header, 'key'), value_hex: hexOrNull(header, 'value_hex') };
    }),
    key_hex: hexOrNull(from, 'key_hex') ?? (key === null ? null : Buffer.from(key).toString('hex')),
    ...(omittedBytes > 0 && { omitted_bytes: omittedBytes }),
  };
}

function fields(value: unknown, what: string): Fields {
  if (!isFields(value)) throw new TypeError(`${what} is no object`);
  return value;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
  return value;
}

const textOrNull = (from: Fields, name: string): string | null =>
  from[name] === undefined || from[name] === null ? null : text(from, name);

function integer(from: Fields, name: string): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError(`${name} is no whole number`);
  return value;
}

function natural(from: Fields, name: string): number {
  const value = integer(from, name);
  if (value < 0) throw new TypeError(`${name} is below 0`);
  return value;
}

function time(from: Fields, name: string): string {
  const value = text(from, name);
  if (Number.isNaN(Date.parse(value))) throw new TypeError(`${name} is no time`);
  return value;
}

const integerOrNull = (from: Fields, name: string): number | null =>
  from[name] === undefined || from[name] === null ? null : integer(from, name);

const HEX = /^(?:[0-9a-f]{2})*$/i;

function hexOrNull(from: Fields, name: string): string | null {
  const value = textOrNull(from, name);
  if (value !== null && !HEX.test(value)) throw new TypeError(`${name} is no hexadecimal`);
  return value;
}
