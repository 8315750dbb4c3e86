import { FLOAT8, INT8, putInt8, putTimestamp, TEXT_OID, TIMESTAMPTZ, UUID } from './binary.js';

/**
 * One-dimensional arrays in PostgreSQL's binary format (src/backend/utils/adt/arrayfuncs.c, array_recv), for `unnest`.
 *
 * node-postgres sends a Buffer as it is; as text, the same numbers would be printed here and parsed there, and a time
 * would pass through floating point.
 */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
/** The length of a null. */
const NULL = -1;

function writeHeader(buffer: Buffer, oid: number, length: number, nulls: boolean): void {
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(nulls ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16); // lower bound
}

function array<T>(
  type: { oid: number; bytes: number },
  items: readonly T[],
  put: (buffer: Buffer, item: T, at: number) => void,
): Buffer {
  const stride = LENGTH_BYTES + type.bytes;
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + items.length * stride);
  writeHeader(buffer, type.oid, items.length, false);
  let at = HEADER_BYTES;
  for (const item of items) {
    buffer.writeInt32BE(type.bytes, at);
    put(buffer, item, at + LENGTH_BYTES);
    at += stride;
  }
  return buffer;
}

/** `uuid[]` of 16-byte ids. */
export function uuidArray(ids: readonly Buffer[]): Buffer {
  return array(UUID, ids, (buffer, id, at) => id.copy(buffer, at));
}

/** `int8[]` of safe integers. */
export function int8Array(values: readonly number[]): Buffer {
  return array(INT8, values, putInt8);
}

/** `float8[]`, bit for bit. */
export function float8Array(values: readonly number[]): Buffer {
  return array(FLOAT8, values, (buffer, value, at) => buffer.writeDoubleBE(value, at));
}

/** `timestamptz[]` of epoch milliseconds, exact over the whole calendar. */
export function timestampArray(epochMs: readonly number[]): Buffer {
  return array(TIMESTAMPTZ, epochMs, putTimestamp);
}

/** `text[]`. */
export function textArray(texts: readonly (string | null)[]): Buffer {
  let bytes = HEADER_BYTES;
  for (const text of texts) bytes += LENGTH_BYTES + (text === null ? 0 : Buffer.byteLength(text));
  const buffer = Buffer.allocUnsafe(bytes);
  writeHeader(buffer, TEXT_OID, texts.length, texts.includes(null));
  let at = HEADER_BYTES;
  for (const text of texts) {
    const length = text === null ? NULL : buffer.write(text, at + LENGTH_BYTES);
    buffer.writeInt32BE(length, at);
    at += LENGTH_BYTES + Math.max(length, 0);
  }
  return buffer;
}
