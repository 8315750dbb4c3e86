import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase } from '@weir/testing';
import { Client } from 'pg';

import { CopyQuery, CopyRows } from '../src/index.js';

const SMALL = [0, 1, -1, 2_147_483_647, -2_147_483_648, null];
const LARGE = [0, -1, 4_294_967_295, 4_294_967_296, -4_294_967_297, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
/** The years that both calendars have, and the milliseconds around where PostgreSQL begins to count. */
const TIMES = [-62_135_596_800_000, -1, 0, 946_684_799_999, 946_684_800_001, 1_795_000_000_123, 253_402_300_799_999];
const WORDS = ['', 'a', '\\N', 'tab\tand\nline', '€😀ü', '\u0001', '€'.repeat(100_000), null];
const RAW = [Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(200_000, 7)];

interface Thing {
  readonly n: number;
  readonly small: number | null;
  readonly large: number;
  readonly at: number;
  readonly words: string | null;
  readonly raw: Buffer;
}

function bodyOf(rows: readonly Thing[]): Buffer {
  const body = new CopyRows(6);
  for (const { n, small, large, at, words, raw } of rows) {
    body.begin();
    body.int4(n);
    if (small === null) body.null();
    else body.int4(small);
    body.int8(large);
    body.timestamp(at);
    if (words === null) body.null();
    else body.text(words);
    body.bytes(raw);
  }
  return body.end();
}

describe('rows in the binary format of COPY', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let client: Client;
  beforeAll(async () => {
    database = await freshDatabase('copied_rows');
    client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE TABLE things (n int, small int, large bigint, at timestamptz, words text, raw bytea)');
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const stored = async (): Promise<Thing[]> => {
    const { rows } = await client.query<Omit<Thing, 'large' | 'at'> & { large: string; at: string }>(
      'SELECT n, small, large, (extract(epoch FROM at) * 1000)::bigint AS at, words, raw FROM things ORDER BY n',
    );
    return rows.map((row) => ({ ...row, large: Number(row.large), at: Number(row.at) }));
  };

  it('arrive as they were given, null apart from empty, however many and however long', async () => {
    // Each value beside each, as the lists have no length in common.
    const given = Array.from({ length: 840 }, (_, n) => ({
      n,
      small: SMALL[n % SMALL.length] ?? null,
      large: LARGE[n % LARGE.length] ?? 0,
      at: TIMES[(n >> 1) % TIMES.length] ?? 0,
      words: WORDS[n % WORDS.length] ?? null,
      raw: RAW[n % 40 === 0 ? 2 : n % 2] ?? Buffer.alloc(0),
    }));
    for (const rows of [given, given.slice(0, 1), []]) {
      const copied = client.query(
        new CopyQuery('TRUNCATE things; COPY things FROM STDIN (FORMAT binary)', bodyOf(rows)),
      );
      expect(await copied.done).toBe(rows.length);
      expect(await stored()).toEqual(rows);
    }
  });
});
