/**
 * The limit of storing rows in PostgreSQL from Node: binary COPY of bytes that were made before, on one connection, into a table of the
 * columns of a sample without any index, a commit for each ten thousand rows.
 */
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { serveRounds } from './rounds.js';

const COMMIT_ROWS = 10_000;
const MICROS_TO_2000 = 946_684_800_000_000n;

const { BENCH_DATABASE = '' } = process.env;

export interface CopyWork {
  readonly rows: number;
}

export interface CopyDone {
  readonly rows: number;
  readonly seconds: number;
}

const body = bodyOf(COMMIT_ROWS);
const client = new Client({ connectionString: BENCH_DATABASE });
await client.connect();
await client.query('CREATE TABLE bench_rows (series_id uuid, ts timestamptz, value float8, version int8)');

serveRounds(async ({ rows }: CopyWork): Promise<CopyDone> => {
  await client.query('TRUNCATE bench_rows');
  await client.query('CHECKPOINT');
  const began = performance.now();
  for (let copied = 0; copied < rows; copied += COMMIT_ROWS) await copyOnce();
  const seconds = (performance.now() - began) / 1_000;
  const { rows: counted } = await client.query<{ count: string }>('SELECT count(*) FROM bench_rows');
  return { rows: Number(counted[0]?.count), seconds };
});

function copyOnce(): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = client.query(copyFrom('COPY bench_rows FROM STDIN (FORMAT binary)'));
    copy.once('error', reject).once('finish', resolve);
    copy.end(body);
  });
}

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
