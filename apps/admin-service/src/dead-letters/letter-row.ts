import { hash } from 'node:crypto';
import { toUSVString } from 'node:util';

import {
  type ConsumedRecord,
  errorPattern,
  fingerprint,
  headerText,
  isUnreadable,
  letterFacts,
  ORIGIN_HEADER,
  REPLAY_ID_HEADER,
  replaysOf,
} from '@weir/kafka';

/** A dead letter as the index keeps it. Times in epoch milliseconds. */
export interface LetterRow {
  readonly dlqPartition: number;
  readonly dlqOffset: number;
  readonly identity: string;
  /** How often the record had been replayed when it failed. */
  readonly replayCount: number;
  readonly replayId: string | null;
  /** `unreadable`, as is the reason, for a record of the DLQ that is no envelope. */
  readonly class: string;
  readonly reason: string;
  readonly error: string;
  readonly fingerprint: string;
  readonly tenantId: string | null;
  readonly schemaId: number | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly originAtMs: number;
  readonly routedAtMs: number;
  readonly group: string;
  readonly serviceVersion: string;
  readonly attempts: number;
  readonly traceId: string | null;
  /** Null for a record without a value. */
  readonly valueBytes: number | null;
  readonly omittedBytes: number;
  /** Of the dead letter's own value. */
  readonly valueSha256: Buffer;
}

/** What somebody else put into the topic. */
export const UNREADABLE = 'unreadable';
const MAX_TEXT = 1_000;
const MAX_INTEGER = 2_147_483_647;
/** The last moment of the year 9999: PostgreSQL and RFC 3339 go as far. */
const LATEST_MS = 253_402_300_799_999;

/** Reads a record of the DLQ. Never throws: what is no envelope is a row too, so that somebody sees it. */
export function letterRow(record: ConsumedRecord): LetterRow {
  const facts = letterFacts(record.value);
  if (isUnreadable(facts)) return unreadable(record, facts.unreadable);
  const { metadata, stamps } = facts;
  const group = storable(metadata.consumer_group);
  const error = storable(metadata.error);
  const schemaId = integerOrNull(metadata.schema_id);
  const tenantId = storableOrNull(metadata.tenant_id);
  // One literal without spreads: an object that is put together from others costs as much as all the rest.
  return {
    dlqPartition: record.partition,
    dlqOffset: record.offset,
    identity: storable(
      headerText(record.headers, ORIGIN_HEADER) ?? `${facts.topic}/${facts.partition}/${facts.offset}/${group}`,
    ),
    replayCount: integer(replaysOf(stamps)),
    replayId: storableOrNull(headerText(stamps, REPLAY_ID_HEADER)),
    class: metadata.class,
    reason: metadata.reason,
    error,
    fingerprint:
      storable(metadata.fingerprint) ||
      fingerprint({ class: metadata.class, reason: metadata.reason, schemaId, tenantId, error: { message: error } }),
    tenantId,
    schemaId,
    topic: storable(facts.topic),
    partition: integer(facts.partition),
    offset: facts.offset,
    originAtMs: moment(facts.timestampMs),
    routedAtMs: moment(Date.parse(metadata.routed_at_utc)),
    group,
    serviceVersion: storable(metadata.service_version),
    attempts: integer(metadata.attempts),
    traceId: storableOrNull(metadata.trace_id),
    valueBytes: facts.valueBytes,
    omittedBytes: facts.omittedBytes,
    valueSha256: sha256(record.value),
  };
}

/** Of a dead letter's own value, by which a plan knows it again. By way of a text: a digest that is a buffer has memory of its own. */
export const sha256 = (value: Buffer | null): Buffer => Buffer.from(hash('sha256', value ?? '', 'binary'), 'latin1');

/** A record that is no envelope, under its own coordinate: it cannot be replayed, and is to be looked at and discarded. */
function unreadable({ topic, partition, offset, timestampMs, value }: ConsumedRecord, why: string): LetterRow {
  const error = storable(`This is no dead letter: ${why}`);
  return {
    dlqPartition: partition,
    dlqOffset: offset,
    identity: `${UNREADABLE}/${partition}/${offset}`,
    replayCount: 0,
    replayId: null,
    class: UNREADABLE,
    reason: UNREADABLE,
    error,
    fingerprint: hash('sha256', `${UNREADABLE}\0${errorPattern(error)}`).slice(0, 32),
    tenantId: null,
    schemaId: null,
    topic,
    partition,
    offset,
    originAtMs: moment(timestampMs),
    routedAtMs: moment(timestampMs),
    group: '',
    serviceVersion: '',
    attempts: 1,
    traceId: null,
    valueBytes: value?.length ?? null,
    omittedBytes: 0,
    valueSha256: sha256(value),
  };
}

/** What PostgreSQL's text takes: no NUL, and whole characters. */
function storable(text: string): string {
  if (text.length <= MAX_TEXT && !HOSTILE.test(text)) return text;
  return toUSVString(text.slice(0, MAX_TEXT)).replaceAll('\0', '\ufffd');
}

/** NUL, and half characters among others. */
const HOSTILE = /[\0\ud800-\udfff]/;

const storableOrNull = (text: string | null): string | null => (text === null ? null : storable(text));

const integer = (number: number): number => Math.min(Math.max(number, 0), MAX_INTEGER);

const integerOrNull = (number: number | null): number | null =>
  number === null || number < 0 || number > MAX_INTEGER ? null : number;

const moment = (timeMs: number): number => Math.min(Math.max(timeMs, 0), LATEST_MS);
