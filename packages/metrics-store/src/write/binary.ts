/** PostgreSQL's binary forms of the types that samples are made of; in arrays and in COPY each value follows its length. */

export const UUID = { oid: 2950, bytes: 16 };
export const INT8 = { oid: 20, bytes: 8 };
export const FLOAT8 = { oid: 701, bytes: 8 };
export const TIMESTAMPTZ = { oid: 1184, bytes: 8 };
/** As long as it is. */
export const TEXT_OID = 25;

const TWO_POW_32 = 0x1_0000_0000;
/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;
const LAST_INT8 = 2n ** 63n - 1n;
/** 4714-11-24 BC, the first day that PostgreSQL's calendar has. */
export const FIRST_TIMESTAMP_MS = -2_440_588 * 86_400_000;
/** The last millisecond of ECMAScript's calendar; PostgreSQL's goes on. */
export const LAST_TIMESTAMP_MS = 8.64e15;

/** Writes a safe integer. */
export function putInt8(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_POW_32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * TWO_POW_32, at + 4);
}

/** Writes epoch milliseconds, exactly over the whole calendar. */
export function putTimestamp(buffer: Buffer, epochMs: number, at: number): void {
  const micros = (epochMs - EPOCH_2000_MS) * 1000;
  if (Number.isSafeInteger(micros)) putInt8(buffer, micros, at);
  else buffer.writeBigInt64BE(BigInt(epochMs - EPOCH_2000_MS) * 1000n, at);
}

/** Reads epoch milliseconds, with the fraction that they may have; PostgreSQL's infinities as JavaScript's. */
export function takeTimestamp(buffer: Buffer, at: number): number {
  const micros = buffer.readInt32BE(at) * TWO_POW_32 + buffer.readUInt32BE(at + 4) + EPOCH_2000_MS * 1000;
  if (Number.isSafeInteger(micros)) return micros / 1000;
  const exact = buffer.readBigInt64BE(at);
  if (exact === LAST_INT8) return Infinity;
  if (exact === -LAST_INT8 - 1n) return -Infinity;
  const sinceEpoch = exact + BigInt(EPOCH_2000_MS) * 1000n;
  return Number(sinceEpoch / 1000n) + Number(sinceEpoch % 1000n) / 1000;
}

/** One `timestamptz` to compare with; beyond the calendar, and for ±Infinity, PostgreSQL's `infinity` and `-infinity`. */
export function timestamp(epochMs: number): Buffer {
  const buffer = Buffer.allocUnsafe(TIMESTAMPTZ.bytes);
  if (epochMs > LAST_TIMESTAMP_MS) buffer.writeBigInt64BE(LAST_INT8);
  else if (epochMs < FIRST_TIMESTAMP_MS) buffer.writeBigInt64BE(-LAST_INT8 - 1n);
  else putTimestamp(buffer, Math.ceil(epochMs), 0);
  return buffer;
}
