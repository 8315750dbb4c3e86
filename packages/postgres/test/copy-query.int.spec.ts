import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freshDatabase } from '@weir/testing';
import { Client } from 'pg';

import { CopyQuery } from '../src/index.js';

const COPY = 'COPY things FROM STDIN';
const rows = (ids: readonly number[]): Buffer => Buffer.from(ids.map((id) => `${id}\n`).join(''));

describe('a COPY whose rows go with it', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let client: Client;
  beforeAll(async () => {
    database = await freshDatabase('copying');
    client = new Client({ connectionString: database.url, query_timeout: 60_000 });
    await client.connect();
    await client.query('CREATE TABLE things (id int PRIMARY KEY)');
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const copy = (text: string, body: Buffer): Promise<number> => client.query(new CopyQuery(text, body)).done;
  const count = async (): Promise<number> =>
    (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM things')).rows[0]?.n ?? -1;

  it('tells how many the server took, also behind other statements', async () => {
    await client.query('BEGIN');
    expect(await copy(`SAVEPOINT here; ${COPY}`, rows([1, 2, 3]))).toBe(3);
    expect(await count()).toBe(3);
    await client.query('ROLLBACK TO SAVEPOINT here; COMMIT');
    expect(await count()).toBe(0);
    expect(await copy(COPY, Buffer.alloc(0))).toBe(0);
  });

  it.each([
    ['a table that is not there', 'COPY nothing FROM STDIN', '42P01'],
    ['a statement in front that fails', `SELECT 1 / 0; ${COPY}`, '22012'],
    ['a row that is refused, with megabytes behind it', COPY, '23505'],
  ])('rejects with the error of %s, and the connection goes on', async (_, text, code) => {
    const body = rows([1, 1, ...Array.from({ length: 500_000 }, (_each, n) => 1_000_000 + n)]);
    await expect(copy(text, body)).rejects.toMatchObject({ code });
    expect(await count()).toBe(0);
  });

  it('is given up like any query that takes too long, and not once it was answered', async () => {
    const hasty = new Client({ connectionString: database.url, query_timeout: 2_000 });
    await hasty.connect();
    const answered = hasty.query(new CopyQuery(COPY, rows([7])));
    expect(await answered.done).toBe(1);
    const refused = hasty.query(new CopyQuery('COPY nothing FROM STDIN', rows([7])));
    await expect(refused.done).rejects.toThrow('does not exist');
    const givenUp = [jest.spyOn(answered, 'handleError'), jest.spyOn(refused, 'handleError')];
    await client.query('BEGIN; LOCK TABLE things');
    await expect(hasty.query(new CopyQuery(COPY, rows([8]))).done).rejects.toThrow('Query read timeout');
    for (const gone of givenUp) expect(gone).not.toHaveBeenCalled(); // though their time is over
    await client.query('ROLLBACK; DELETE FROM things');
    await hasty.end();
  });
});
