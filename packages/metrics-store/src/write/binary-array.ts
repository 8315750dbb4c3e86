/**
 * One-dimensional arrays in PostgreSQL's binary format (src/backend/utils/adt/arrayfuncs.c, array_recv), for `unnest`.
 *
 * node-postgres sends a Buffer as it is; as text, the same numbers would be printed here and parsed there, and a time
 * would pass through floating point.
 */
const HEADER_BYTES = 20;
const UUID = { oid: 2950, bytes: 16 };
const INT8 = { oid: 20, bytes: 8 };
const FLOAT8 = { oid: 701, bytes: 8 };
const TIMESTAMPTZ = { oid: 1184, bytes: 8 };

const TWO_POW_32 = 0x1_0000_0000;
/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;
/** 4714-11-24 BC, the first day that PostgreSQL's calendar has. */
export const FIRST_TIMESTAMP_MS = -2_440_588 * 86_400_000;
/** The last millisecond of ECMAScript's calendar; PostgreSQL's goes on. */
export const LAST_TIMESTAMP_MS = 8.64e15;

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

function putInt8(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_POW_32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * TWO_POW_32, at + 4);
}

function putTimestamp(buffer: Buffer, epochMs: number, at: number): void {
  const micros = (epochMs - EPOCH_2000_MS) * 1000;
  if (Number.isSafeInteger(micros)) putInt8(buffer, micros, at);
  else buffer.writeBigInt64BE(BigInt(epochMs - EPOCH_2000_MS) * 1000n, at);
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

/** One `timestamptz` to compare with; beyond the calendar, and for ±Infinity, PostgreSQL's `infinity` and `-infinity`. */
export function timestamp(epochMs: number): Buffer {
  const buffer = Buffer.allocUnsafe(TIMESTAMPTZ.bytes);
  if (epochMs > LAST_TIMESTAMP_MS) buffer.writeBigInt64BE(2n ** 63n - 1n);
  else if (epochMs < FIRST_TIMESTAMP_MS) buffer.writeBigInt64BE(-(2n ** 63n));
  else putTimestamp(buffer, Math.ceil(epochMs), 0);
  return buffer;
}
