const SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\u0000', 'latin1');
/** Flags, and the length of an extension that the header might have. */
const HEADER_REST = 8;
const NULL = -1;
const TRAILER = -1;
const FIRST_BYTES = 64 * 1024;
/** A character of a text is two bytes of UTF-16, and at most three of UTF-8. */
const MOST_BYTES_A_CHARACTER = 3;
const TWO_POW_32 = 0x1_0000_0000;
/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;

/**
 * Rows as the body of `COPY … FROM STDIN (FORMAT binary)`: the server has nothing to parse, and nothing is escaped. Values are given row by row, in
 * the order of the columns, each by the method of its column's type.
 *
 * https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
 */
export class CopyRows {
  private body = Buffer.allocUnsafe(FIRST_BYTES);
  private at = SIGNATURE.copy(this.body) + HEADER_REST;

  constructor(private readonly columns: number) {
    this.body.fill(0, SIGNATURE.length, this.at);
  }

  /** The values of a row follow. */
  begin(): void {
    this.room(2);
    this.at = this.body.writeInt16BE(this.columns, this.at);
  }

  null(): void {
    this.room(4);
    this.at = this.body.writeInt32BE(NULL, this.at);
  }

  int4(value: number): void {
    this.room(8);
    this.at = this.body.writeInt32BE(value, this.body.writeInt32BE(4, this.at));
  }

  /** A safe integer. */
  int8(value: number): void {
    this.room(12);
    const high = Math.floor(value / TWO_POW_32);
    this.at = this.body.writeInt32BE(high, this.body.writeInt32BE(8, this.at));
    this.at = this.body.writeUInt32BE(value - high * TWO_POW_32, this.at);
  }

  /** `timestamptz` of whole epoch milliseconds. */
  timestamp(epochMs: number): void {
    const micros = (epochMs - EPOCH_2000_MS) * 1_000;
    if (Number.isSafeInteger(micros)) this.int8(micros);
    else {
      this.room(12);
      const exact = BigInt(epochMs - EPOCH_2000_MS) * 1_000n;
      this.at = this.body.writeBigInt64BE(exact, this.body.writeInt32BE(8, this.at));
    }
  }

  /** The server refuses NUL. */
  text(value: string): void {
    this.room(4 + value.length * MOST_BYTES_A_CHARACTER);
    const bytes = this.body.write(value, this.at + 4);
    this.at = this.body.writeInt32BE(bytes, this.at) + bytes;
  }

  bytes(value: Buffer): void {
    this.room(4 + value.length);
    this.at = this.body.writeInt32BE(value.length, this.at);
    this.at += value.copy(this.body, this.at);
  }

  /** The whole body. Nothing may be added to it. */
  end(): Buffer {
    this.room(2);
    this.at = this.body.writeInt16BE(TRAILER, this.at);
    return this.body.subarray(0, this.at);
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.body.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.body.length, this.at + bytes));
    this.body.copy(larger, 0, 0, this.at);
    this.body = larger;
  }
}
