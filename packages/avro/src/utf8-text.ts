import { isUtf8 } from 'node:buffer';

/** A text that was read before, with the bytes that it was read from. */
interface ReadText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const SLOTS = 4096;
/** Longer texts are seldom names, and so seldom come again. */
const LONGEST_KEPT_BYTES = 40;
const FNV_PRIME = 0x01000193;

// Names, labels and tenants come again with every record. Handing out the string of the time before saves making it, and
// its hash as a key: it halves the time to decode a metric. A slot keeps the last text that fell into it, so the whole
// stays below half a megabyte, whatever is read.
const slots: (ReadText | undefined)[] = Array.from({ length: SLOTS });

/** The text from `start` to `end`, which lie within the bytes. Throws an Error where they are no UTF-8. */
export function readUtf8(bytes: Buffer, start: number, end: number): string {
  if (end - start > LONGEST_KEPT_BYTES) return decodeUtf8(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const kept = slots[slot];
  if (kept !== undefined && isAt(kept.bytes, bytes, start, end)) return kept.text;
  const text = decodeUtf8(bytes, start, end);
  slots[slot] = { bytes: new Uint8Array(bytes.subarray(start, end)), text };
  return text;
}

function decodeUtf8(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  // The replacement character is in the text either because the writer put it there or because the bytes are no UTF-8.
  // Taking the latter would make two different label values one.
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, end))) throw new Error('a string is not UTF-8');
  return text;
}

/** FNV-1a. Texts made to collide only take the slot from one another. */
function slotOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

function isAt(kept: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (kept.length !== end - start) return false;
  for (let at = 0; at < kept.length; at += 1) if (kept[at] !== bytes[start + at]) return false;
  return true;
}
