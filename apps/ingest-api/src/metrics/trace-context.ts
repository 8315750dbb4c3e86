// https://www.w3.org/TR/trace-context/#traceparent-header; a later version may have more parts after the four.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;
const MAX_LENGTH = 128;

/** The header `traceparent` as it came where it is a valid one; null otherwise, since a broken one means no trace. */
export function validTraceparent(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string' || header.length > MAX_LENGTH || !TRACEPARENT.test(header)) return null;
  // Version 00 has exactly four parts.
  return header.startsWith('00') && header.length !== 55 ? null : header;
}
