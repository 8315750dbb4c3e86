import { FLOAT8, INT8, putInt8, putTimestamp, TIMESTAMPTZ, UUID } from './binary.js';

/**
 * One-dimensional arrays in PostgreSQL's binary format (src/backend/utils/adt/arrayfuncs.c, array_recv), for `unnest`.
 *
 * node-postgres sends a Buffer as it is; as text, the same numbers would be printed here and parsed there, and a time
 * would pass through floating point.
 */
const HEADER_BYTES = 20;

function array<T>(
  type: { oid: number; bytes: number },
  items: readonly T[],
  put: (buffer: Buffer, item: T, at: number) => void,
): Buffer {
  const stride = 4 + type.bytes;
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + items.length * stride);
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(0, 4); // no nulls
  buffer.writeInt32BE(type.oid, 8);
  buffer.writeInt32BE(items.length, 12);
  buffer.writeInt32BE(1, 16); // lower bound
  let at = HEADER_BYTES;
  for (const item of items) {
    buffer.writeInt32BE(type.bytes, at);
    put(buffer, item, at + 4);
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
