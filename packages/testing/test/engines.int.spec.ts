import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { engines, freshDatabase } from '../src/index.js';

describe('the engines of a test run', () => {
  it('give each caller a database of its own, and take it away with the sessions that are still in it', async () => {
    const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
    expect(one.url).not.toBe(other.url);

    const client = new Client({ connectionString: one.url });
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await client.query('CREATE TABLE mine (id int)');
    await expect(databases()).resolves.toEqual(expect.arrayContaining([one.name, other.name]));

    await Promise.all([one.drop(), other.drop()]);
    await ended;
    const left = await databases();
    expect(left).not.toContain(one.name);
    expect(left).not.toContain(other.name);
  });

  it('are named in one variable, and a wrong one is refused', () => {
    const known = process.env['WEIR_TEST_ENGINES'];
    process.env['WEIR_TEST_ENGINES'] = '{"kafka": {}}';
    try {
      expect(() => engines()).toThrow('does not name');
    } finally {
      process.env['WEIR_TEST_ENGINES'] = known;
    }
  });
});

async function databases(): Promise<string[]> {
  const client = new Client({ connectionString: engines().postgres.url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
  await client.end();
  return rows.map(({ datname }) => datname);
}
