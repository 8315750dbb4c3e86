import { createHash } from 'node:crypto';

import type { ReplayChunk, ReplayRecord } from '@weir/avro';
import {
  type ConsumedRecord,
  isUnreadable,
  ORIGIN_HEADER,
  originalBytes,
  parseEnvelope,
  replaysOf,
  wireBytes,
} from '@weir/kafka';

import { replayedRecord } from './replayed-record.js';
import { CAPPED, mismatch, refused, type Verdict } from './verdict.js';

/** Past what any topic takes: a record that was in one fits with what a replay adds to it. */
export const MAX_RECORD_BYTES = 17 * 1024 * 1024;

/**
 * Decides about one record of a chunk by the dead letter that is at its coordinate. Pure: the same for every attempt.
 *
 * A dead letter is never published into a topic that is not among `replayable`, whatever it says of itself.
 */
export function judge(
  { replay_id: replayId, max_attempts: maxAttempts }: Pick<ReplayChunk, 'replay_id' | 'max_attempts'>,
  wanted: ReplayRecord,
  letter: ConsumedRecord,
  replayable: ReadonlySet<string>,
): Verdict {
  if (sha256(letter.value) !== wanted.value_sha256) return mismatch('value');
  const identity = letter.headers.findLast(({ key }) => key === ORIGIN_HEADER)?.value?.toString('utf8');
  if (identity !== undefined && identity !== wanted.identity) return mismatch('identity');
  const envelope = parseEnvelope(letter.value);
  if (isUnreadable(envelope)) return refused('unreadable');
  const original = originalBytes(envelope);
  if (original === null) return refused('truncated');
  // Assigned by admin-service; the record's own header only confirms it.
  const count = Math.max(wanted.replay_count, replaysOf(original.headers) + 1);
  if (count > maxAttempts) return CAPPED;
  if (!replayable.has(envelope.source.topic)) return refused('topic');
  const { record, nullHeadersEmptied } = replayedRecord(envelope, original, {
    replayId,
    count: wanted.replay_count,
    identity: wanted.identity,
  });
  const bytes = bytesOf(record);
  if (bytes === null) return refused('unsendable');
  return { outcome: 'published', record, bytes, reason: nullHeadersEmptied ? 'null_headers_emptied' : null };
}

const sha256 = (value: Buffer | null): string | null =>
  value === null ? null : createHash('sha256').update(value).digest('hex');

/** Null for a record that Kafka's client would mangle, or that is too large for any topic. */
function bytesOf(record: Parameters<typeof wireBytes>[0][number]): number | null {
  try {
    return wireBytes([record], MAX_RECORD_BYTES);
  } catch {
    return null; // it throws `record_invalid` alone
  }
}
