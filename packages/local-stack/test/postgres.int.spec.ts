import { once } from 'node:events';
import { createServer } from 'node:net';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { postgresService } from '../src/engines/postgres.js';
import { ensureStackDatabase, forgetPostgres, freePorts, Reaper, StackHome, Supervisor } from '../src/index.js';

import { isAlive } from './support/processes.js';

describe('PostgreSQL of the local stack', () => {
  let home: StackHome;
  let reaper: Reaper;
  let port: number;
  const start = async (): Promise<Supervisor> => {
    const supervisor = new Supervisor({ reaper });
    await supervisor.start([postgresService({ home, port, reaper, durable: false })]);
    return supervisor;
  };

  beforeAll(async () => {
    // The directory around it is closed (mkdtemp makes it 0700), as /root is around a clone in it.
    home = new StackHome(join(mkdtempSync(join(tmpdir(), 'weir-pg-')), 'home'));
    home.prepare();
    reaper = new Reaper();
    port = (await freePorts(1)).postgres;
  });

  afterAll(async () => {
    forgetPostgres(home);
    await reaper.close();
    rmSync(join(home.directory, '..'), { recursive: true });
  });

  it('keeps its data over a stop and a start, and leaves no process behind', async () => {
    const first = await start();
    const pid = first.pid('postgres') ?? 0;
    const { writer } = await ensureStackDatabase(home, port);
    await query(writer, 'CREATE TABLE kept (id int)');
    await query(writer, 'INSERT INTO kept VALUES (7)');
    await first.stop();
    expect(isAlive(pid)).toBe(false);

    const second = await start();
    const { writer: again } = await ensureStackDatabase(home, port);
    expect(again).toBe(writer);
    await expect(query(again, 'SELECT id FROM kept')).resolves.toEqual([{ id: 7 }]);
    await second.stop();
  });

  it('gives query-api a role that can write nothing', async () => {
    const supervisor = await start();
    const { writer, reader } = await ensureStackDatabase(home, port);
    await query(writer, 'CREATE TABLE IF NOT EXISTS shown (id int)');
    await query(writer, 'GRANT SELECT, INSERT ON shown TO weir_reader');
    await expect(query(reader, 'SELECT id FROM shown')).resolves.toEqual([]);
    await expect(query(reader, 'INSERT INTO shown VALUES (1)')).rejects.toMatchObject({ code: '25006' });
    await expect(query(reader, 'CREATE TABLE mine (id int)')).rejects.toMatchObject({ code: '25006' });
    await supervisor.stop();
  });

  it('names the port that another process has, and the variable that moves it', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await expect(start()).rejects.toThrow(
        new RegExp(`^PostgreSQL 18.4: port ${port} is taken by another process. WEIR_PORT_OFFSET moves`, 'u'),
      );
    } finally {
      other.close();
    }
  });

  it('forgets its data when told to, wherever it lies', () => {
    expect(existsSync(join(home.data('postgres'), 'PG_VERSION'))).toBe(true);
    forgetPostgres(home);
    expect(existsSync(home.data('postgres'))).toBe(false);
  });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
