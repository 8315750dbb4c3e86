import { metricsDlq } from '@weir/topics';

import type { ConsumedRecord } from '../records.js';

/** Room for everything in a dead letter that is not the record's: metadata, punctuation, headers of its own. */
const ENVELOPE_BYTES = 64 * 1024;
/** What is kept of a record that does not fit: enough to see what it is. */
const KEPT = { keyBytes: 16 * 1024, valueBytes: 1024 * 1024, headers: 100, headerBytes: 16 * 1024 } as const;

/**
 * The record as far as a dead letter holds it.
 *
 * A topic's limit on the size of records is one on what they are compressed to: what a broken producer made of a few kilobytes may unfold
 * to a hundred megabytes here. A dead letter that no broker takes would hold its partition up for ever.
 */
export function fitting(record: ConsumedRecord): { readonly record: ConsumedRecord; readonly omittedBytes: number } {
  if (mostLetterBytes(record) <= metricsDlq.maxMessageBytes) return { record, omittedBytes: 0 };
  const kept = {
    ...record,
    key: record.key?.subarray(0, KEPT.keyBytes) ?? null,
    value: record.value?.subarray(0, KEPT.valueBytes) ?? null,
    headers: record.headers
      .slice(0, KEPT.headers)
      .filter(({ key, value }) => key.length + (value?.length ?? 0) <= KEPT.headerBytes),
  };
  return { record: kept, omittedBytes: Math.max(bytesOf(record) - bytesOf(kept), 1) };
}

/** At most: bytes become two digits, a character of text six where JSON has to escape it, and the key is there three times. */
function mostLetterBytes({ key, value, headers }: ConsumedRecord): number {
  let bytes = ENVELOPE_BYTES + 2 * (value?.length ?? 0) + 9 * (key?.length ?? 0);
  for (const header of headers) bytes += 40 + 6 * header.key.length + 2 * (header.value?.length ?? 0);
  return bytes;
}

function bytesOf({ key, value, headers }: ConsumedRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += Buffer.byteLength(header.key) + (header.value?.length ?? 0);
  return bytes;
}
