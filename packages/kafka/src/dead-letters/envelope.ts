import { isUtf8 } from 'node:buffer';
import { toUSVString } from 'node:util';

import type { ConsumedRecord, RecordHeader } from '../records.js';
import type { DeadLetter, DeadLetterClass, DeadLetterReason } from './dead-letter.js';
import { fingerprint } from './fingerprint.js';
import { fitting, type FittingRecord } from './fitting.js';

/**
 * A dead letter as JSON, the value of a record of `metrics.dlq`.
 *
 * Nothing of the failed record is lost: `raw_value_hex`, `key_hex` and `headers` are its bytes, and null is told apart from empty
 * (null and `""`). `key` is the key as text where it is UTF-8, for people. The one exception says so itself: see `omitted_bytes`.
 */
export interface DeadLetterEnvelope {
  readonly dlq_metadata: {
    /** RFC 3339 in UTC. */
    readonly routed_at_utc: string;
    readonly reason: DeadLetterReason;
    readonly error: string;
    readonly class: DeadLetterClass;
    readonly fingerprint: string;
    readonly attempts: number;
    readonly consumer_group: string;
    readonly service_version: string;
    /** The writer schema's id, where the record had a frame. */
    readonly schema_id: number | null;
    readonly tenant_id: string | null;
    /** From the record's `traceparent` (W3C Trace Context). */
    readonly trace_id: string | null;
  };
  readonly source: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly timestamp_ms: number;
    readonly key: string | null;
    readonly raw_value_hex: string | null;
    readonly headers: readonly { readonly key: string; readonly value_hex: string | null }[];
    readonly key_hex: string | null;
    /**
     * Only where the record, unpacked, is larger than any that Weir writes, so that no dead letter could hold it: how many of its
     * bytes are not in here. What is here is their beginning, and the whole is in the origin topic for as long as that keeps it.
     */
    readonly omitted_bytes?: number;
  };
}

/** Who dead-letters, and when. */
export interface EnvelopeContext {
  readonly group: string;
  readonly serviceVersion: string;
  readonly routedAt: Date;
}

/** Longest error text in characters: an error may quote what the record brought, and that may be long. */
const MAX_ERROR_LENGTH = 1_000;

export function buildEnvelope(
  letter: DeadLetter,
  { group, serviceVersion, routedAt }: EnvelopeContext,
  { record, omittedBytes }: FittingRecord = fitting(letter.record),
): DeadLetterEnvelope {
  return {
    dlq_metadata: {
      routed_at_utc: routedAt.toISOString(),
      reason: letter.reason,
      error: errorText(letter),
      class: letter.class,
      fingerprint: fingerprint(letter),
      attempts: letter.attempts,
      consumer_group: group,
      service_version: serviceVersion,
      schema_id: letter.schemaId,
      tenant_id: letter.tenantId,
      trace_id: traceId(record),
    },
    source: {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      timestamp_ms: record.timestampMs,
      key: record.key !== null && isUtf8(record.key) ? record.key.toString('utf8') : null,
      raw_value_hex: hex(record.value),
      headers: record.headers.map(({ key, value }) => ({ key, value_hex: hex(value) })),
      key_hex: hex(record.key),
      ...(omittedBytes > 0 && { omitted_bytes: omittedBytes }),
    },
  };
}

const errorText = ({ error }: DeadLetter): string => toUSVString(error.message.slice(0, MAX_ERROR_LENGTH));

const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null;

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** A header's text, where the record has it; the last one where it is there more than once. */
export const headerText = (headers: readonly RecordHeader[], key: string): string | null =>
  headers.findLast((header) => header.key === key)?.value?.toString('utf8') ?? null;

const traceId = ({ headers }: ConsumedRecord): string | null =>
  TRACEPARENT.exec(headerText(headers, 'traceparent') ?? '')?.[1] ?? null;
