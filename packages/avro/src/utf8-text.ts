import { isUtf8 } from 'node:buffer';

const SLOTS = 4096;
/** Longer texts are seldom names, and so seldom come again. */
const LONGEST_KEPT_BYTES = 40;
const FNV_PRIME = 0x01000193;

// Names, labels and tenants come again with every record. Handing out the string of the time before saves making it, and
// its hash as a key: it halves the time to decode a metric. A slot keeps the last text that fell into it, so the whole
// stays below half a megabyte, whatever is read; their bytes lie in one array, so that texts that never come again cost little.
const texts: string[] = Array.from({ length: SLOTS }, () => '');
const lengths = new Uint8Array(SLOTS);
const bytesOfTexts = new Uint8Array(SLOTS * LONGEST_KEPT_BYTES);

/** The text from `start` to `end`, which lie within the bytes. Throws an Error where they are no UTF-8. */
export function readUtf8(bytes: Buffer, start: number, end: number): string {
  if (end - start > LONGEST_KEPT_BYTES) return decodeUtf8(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const kept = texts[slot];
  if (kept !== undefined && isIn(slot, bytes, start, end)) return kept;
  const text = decodeUtf8(bytes, start, end);
  keep(slot, text, bytes, start, end);
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

function isIn(slot: number, bytes: Buffer, start: number, end: number): boolean {
  if (lengths[slot] !== end - start) return false;
  const from = slot * LONGEST_KEPT_BYTES - start;
  for (let at = start; at < end; at += 1) if (bytesOfTexts[from + at] !== bytes[at]) return false;
  return true;
}

function keep(slot: number, text: string, bytes: Buffer, start: number, end: number): void {
  const from = slot * LONGEST_KEPT_BYTES - start;
  for (let at = start; at < end; at += 1) bytesOfTexts[from + at] = bytes[at] ?? 0;
  lengths[slot] = end - start;
  texts[slot] = text;
}
