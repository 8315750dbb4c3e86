/**
 * The limit of storing rows in PostgreSQL from Node: binary COPY of bytes that were made before, on one connection, into a table of the
 * columns of a sample without any index, a commit for each ten thousand rows.
 */
import { serveCopies } from './copying.js';

const COMMIT_ROWS = 10_000;
const MICROS_TO_2000 = 946_684_800_000_000n;

const body = bodyOf(COMMIT_ROWS);
await serveCopies({
  columns: '(series_id uuid, ts timestamptz, value float8, version int8)',
  format: 'binary',
  commitRows: COMMIT_ROWS,
  bodyOf: (_from, rows) => (rows === COMMIT_ROWS ? body : bodyOf(rows)),
});

/** https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". */
function bodyOf(rows: number): Buffer {
  const head = Buffer.from('PGCOPY\n\u00ff\r\n\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000', 'latin1');
  const nowMicros = BigInt(Date.now()) * 1_000n - MICROS_TO_2000;
  const each = Array.from({ length: rows }, (_, n) => {
    const row = Buffer.alloc(2 + 4 + 16 + 4 + 8 + 4 + 8 + 4 + 8);
    row.writeInt16BE(4, 0);
    row.writeInt32BE(16, 2);
    row.writeUInt32BE(n % 1_000, 6);
    row.writeInt32BE(8, 22);
    row.writeBigInt64BE(nowMicros + BigInt(n), 26);
    row.writeInt32BE(8, 34);
    row.writeDoubleBE(n, 38);
    row.writeInt32BE(8, 46);
    row.writeBigInt64BE(BigInt(n), 50);
    return row;
  });
  return Buffer.concat([head, ...each, Buffer.from([0xff, 0xff])]);
}
