import { type AvroFault, type AvroProblem, BodyFault } from './fault.js';
import { firstInvalidUtf8 } from './first-invalid-utf8.js';

/** A 64-bit integer takes ten bytes at most (Avro 1.12, "Binary encoding"). */
const MAX_VARINT_BYTES = 10;
const EXACT_BELOW = 2n ** 52n;

/**
 * Reads what Avro's types are made of, and says where and why that is impossible.
 *
 * It holds bytes to what `strict-types.ts` holds them to; what that refuses without losing its place is kept as `first`, and
 * reading goes on.
 */
export class ByteCursor {
  /** The first thing that is wrong although reading could go on. */
  first: AvroFault | null = null;
  readonly path: string[] = [];

  constructor(
    readonly bytes: Buffer,
    public at: number,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Skips so many bytes and answers where they begin. */
  fixed(length: number, type: string): number {
    if (length > this.left) this.fail('ends_early', type, this.at, { claimed: String(length), available: this.left });
    const start = this.at;
    this.at += length;
    return start;
  }

  varint(type: string): bigint {
    const start = this.at;
    let value = 0n;
    for (let read = 0; read < MAX_VARINT_BYTES; read += 1) {
      if (this.left === 0) this.fail('ends_early', type, start, { available: 0 });
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * read);
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
    }
    return this.fail('number_too_long', type, start);
  }

  /** Exact as far as a double tells integers apart; text beyond, which is noted. */
  long(): number | string {
    const start = this.at;
    const value = this.varint('long');
    if (value > -EXACT_BELOW && value < EXACT_BELOW) return Number(value);
    this.note('long_inexact', 'long', start, { claimed: String(value) });
    return String(value);
  }

  /** Bytes with their length in front, within what is left. */
  lengthPrefixed(type: 'string' | 'bytes'): Buffer {
    const start = this.at;
    const length = this.varint(type);
    if (length < 0n) this.fail('length_negative', type, start, { claimed: String(length), available: this.left });
    if (length > this.left)
      this.fail('length_past_end', type, start, { claimed: String(length), available: this.left });
    const from = this.fixed(Number(length), type);
    return this.bytes.subarray(from, this.at);
  }

  text(): string {
    const bytes = this.lengthPrefixed('string');
    const invalid = firstInvalidUtf8(bytes);
    if (invalid !== null) this.note('not_utf8', 'string', this.at - bytes.length + invalid);
    return bytes.toString('utf8');
  }

  /** Items of the next block of an array or map, 0 at the end; a negative count announces the block's size in bytes. */
  blockCount(type: 'array' | 'map'): number {
    const start = this.at;
    let count = this.varint(type);
    if (count < 0n) {
      count = -count;
      const size = this.varint(type);
      if (size < 0n || size > this.left)
        this.fail(size < 0n ? 'length_negative' : 'length_past_end', type, start, {
          claimed: String(size),
          available: this.left,
        });
    }
    if (count > this.left) this.fail('count_past_end', type, start, { claimed: String(count), available: this.left });
    return Number(count);
  }

  fail(
    problem: AvroProblem,
    type: string,
    byte = this.at,
    evidence: Pick<AvroFault, 'claimed' | 'available'> = {},
  ): never {
    throw new BodyFault({ problem, field: this.path.join('.'), byte, type, ...evidence });
  }

  private note(problem: AvroProblem, type: string, byte: number, evidence: Pick<AvroFault, 'claimed'> = {}): void {
    this.first ??= { problem, field: this.path.join('.'), byte, type, ...evidence };
  }
}
