import { hash } from 'node:crypto';

/** What makes a series: two samples belong to one series where all of these are equal. */
export interface SeriesIdentity {
  readonly tenantId: string;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

const ID_BYTES = 16;
const LENGTH_BYTES = 4;
/** Of UTF-8 for a UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;
/** A call into the runtime costs more than writing so few characters here. */
const SHORT_TEXT = 64;
const LAST_ASCII = 0x7f;
/** From here on UTF-16 units have another order than the bytes of UTF-8: surrogates stand for what comes after all of them. */
const OTHER_ORDER = /[\ud800-\uffff]/;

/** One identity after the other is encoded here. Larger ones get room of their own. */
const shared = Buffer.allocUnsafe(16 * 1_024);

/**
 * The series' id: the first 128 bits of SHA-256 over its identity.
 *
 * Encoding: tenant, name, environment (0x00 where there is none, else 0x01 and the text), number of labels, then each
 * label's name and value in the order of their names' bytes; each text as UTF-8 behind its length in four bytes. So no two
 * identities have the same encoding, the order in which labels came does not matter, and any language can compute it.
 */
export function seriesId(identity: SeriesIdentity): Buffer {
  const names = inByteOrder(Object.keys(identity.labels));
  const most = mostBytesOf(identity, names);
  const encoded = most <= shared.length ? shared : Buffer.allocUnsafe(most);
  const digest = hash('sha256', encoded.subarray(0, encode(encoded, identity, names)), 'binary');
  // On JavaScript's own heap, as so few bytes are: a digest's Buffer has memory outside of it, and a piece of what Buffers share
  // would keep the whole of that alive for as long as the id is remembered.
  const id = Buffer.allocUnsafeSlow(ID_BYTES);
  for (let at = 0; at < ID_BYTES; at += 1) id[at] = digest.charCodeAt(at);
  return id;
}

function inByteOrder(names: readonly string[]): string[] {
  if (!names.some((name) => OTHER_ORDER.test(name))) return names.toSorted();
  return names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

/** Answers where the encoding ends. */
function encode(
  into: Buffer,
  { tenantId, name, environment, labels }: SeriesIdentity,
  names: readonly string[],
): number {
  let at = writeText(into, name, writeText(into, tenantId, 0));
  at = into.writeUInt8(environment === null ? 0 : 1, at);
  if (environment !== null) at = writeText(into, environment, at);
  at = into.writeUInt32BE(names.length, at);
  for (const label of names) at = writeText(into, labels[label] ?? '', writeText(into, label, at));
  return at;
}

function writeText(into: Buffer, text: string, at: number): number {
  const start = at + LENGTH_BYTES;
  const bytes = writeShort(into, text, start) ? text.length : into.write(text, start);
  return into.writeUInt32BE(bytes, at) + bytes;
}

/** Whether it was short and of ASCII alone, and so is written. */
function writeShort(into: Buffer, text: string, start: number): boolean {
  if (text.length > SHORT_TEXT) return false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > LAST_ASCII) return false;
    into[start + at] = unit;
  }
  return true;
}

function mostBytesOf({ tenantId, name, environment, labels }: SeriesIdentity, names: readonly string[]): number {
  let units = tenantId.length + name.length + (environment?.length ?? 0);
  for (const label of names) units += label.length + (labels[label]?.length ?? 0);
  const lengths = 4 + 2 * names.length; // the number of labels is one too
  return units * MOST_BYTES_PER_UNIT + lengths * LENGTH_BYTES + 1;
}
