import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { serveRounds } from './rounds.js';

const { BENCH_DATABASE = '' } = process.env;

export interface CopyWork {
  readonly rows: number;
}

export interface CopyDone {
  readonly rows: number;
  readonly seconds: number;
}

export interface Copying {
  /** What follows `CREATE TABLE bench_rows`. */
  readonly columns: string;
  readonly format: 'binary' | 'text';
  readonly commitRows: number;
  /** The bytes of so many rows, from number `from` on. */
  readonly bodyOf: (from: number, rows: number) => Buffer;
}

/** Copies into a table on one connection, a commit for each so many rows, bytes that are made before anybody looks at the clock. */
export async function serveCopies({ columns, format, commitRows, bodyOf }: Copying): Promise<void> {
  const client = new Client({ connectionString: BENCH_DATABASE });
  await client.connect();
  await client.query(`CREATE TABLE bench_rows ${columns}`);
  const copyOnce = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const copy = client.query(copyFrom(`COPY bench_rows FROM STDIN (FORMAT ${format})`));
      copy.once('error', reject).once('finish', resolve);
      copy.end(body);
    });
  const bodies = new Map<number, Buffer>();
  const bodyAt = (from: number, rows: number): Buffer => {
    const body = bodies.get(from) ?? bodyOf(from, rows);
    bodies.set(from, body);
    return body;
  };
  serveRounds(async ({ rows }: CopyWork): Promise<CopyDone> => {
    const starts = Array.from({ length: Math.ceil(rows / commitRows) }, (_, n) => n * commitRows);
    const ready = starts.map((from) => bodyAt(from, Math.min(commitRows, rows - from)));
    await client.query('TRUNCATE bench_rows');
    await client.query('CHECKPOINT');
    const began = performance.now();
    for (const body of ready) await copyOnce(body);
    const seconds = (performance.now() - began) / 1_000;
    const { rows: counted } = await client.query<{ count: string }>('SELECT count(*) FROM bench_rows');
    return { rows: Number(counted[0]?.count), seconds };
  });
}
