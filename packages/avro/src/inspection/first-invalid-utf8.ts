import { isUtf8 } from 'node:buffer';

const REPLACEMENT = '\uFFFD';
const REPLACEMENT_BYTES = 3;

/** Offset of the first byte that is no UTF-8; null where all of them are. */
export function firstInvalidUtf8(bytes: Buffer): number | null {
  if (isUtf8(bytes)) return null;
  const text = bytes.toString('utf8');
  let offset = 0;
  let from = 0;
  // A replacement character stands where bytes are no UTF-8, or where the writer put one.
  for (let at = text.indexOf(REPLACEMENT); at >= 0; at = text.indexOf(REPLACEMENT, from)) {
    offset += Buffer.byteLength(text.slice(from, at));
    if (bytes.toString('latin1', offset, offset + REPLACEMENT_BYTES) !== '\u00EF\u00BF\u00BD') return offset;
    offset += REPLACEMENT_BYTES;
    from = at + 1;
  }
  return null;
}
