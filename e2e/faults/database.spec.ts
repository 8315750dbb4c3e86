import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineProcess, engines, eventually } from '@weir/testing';
import { Client } from 'pg';

import { System } from '../support/system.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';

const postgres = new EngineProcess('postgres');
let system: System;
afterEach(async () => {
  postgres.thaw();
  await eventually(() => asSuperuser('SELECT 1'), Boolean, { timeoutMs: 60_000 });
  await system.stop();
});

async function asSuperuser(...statements: readonly string[]): Promise<boolean> {
  const client = new Client({ connectionString: engines().postgres.url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // it may be killed while we are in it
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
    return true;
  } finally {
    await client.end();
  }
}

/** For every session, also those that were open. */
const alterDatabase = (change: string): Promise<boolean> =>
  asSuperuser(
    `ALTER DATABASE "${system.databaseName}" ${change}`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${system.databaseName}'`,
  );

const statusOf = async (path: string): Promise<number> => (await fetch(`${system.consumer.url}${path}`)).status;
const waits = (): Promise<number> =>
  eventually(
    () => statusOf('/health/ready'),
    (status) => status === 503,
    { timeoutMs: 60_000 },
  );

describe('under load, with the database away', () => {
  it('ingest goes on and nothing is dead-lettered while PostgreSQL is killed', async () => {
    system = await System.start();
    const { pid } = system.consumer;
    const load = loadOn(system);
    await accepted(load, 3_000);
    for (let time = 0; time < 2; time += 1) {
      postgres.kill();
      await accepted(load, 3_000);
      await eventually(() => asSuperuser('SELECT 1'), Boolean, { timeoutMs: 60_000 });
    }
    await expectPromiseKept(system, load);
    expect(system.consumer.pid).toBe(pid); // it waited, and nobody had to start it again
  });

  it('a PostgreSQL that stands still is waited for: not ready, alive, and then all of it stored', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 3_000);
    postgres.freeze();
    await waits();
    expect(await statusOf('/health/live')).toBe(200);
    await accepted(load, 3_000);
    postgres.thaw();
    await expectPromiseKept(system, load);
  });

  it('a database that refuses to write is waited for', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 3_000);
    await alterDatabase('SET default_transaction_read_only = on');
    await waits();
    await accepted(load, 3_000);
    await alterDatabase('RESET default_transaction_read_only');
    await expectPromiseKept(system, load);
  });

  it('a database that takes no connections is waited for', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 3_000);
    await alterDatabase('ALLOW_CONNECTIONS false');
    await waits();
    await accepted(load, 3_000);
    await alterDatabase('ALLOW_CONNECTIONS true');
    await expectPromiseKept(system, load);
  });

  it('another session that locks what is written is waited for', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 3_000);
    const blocker = new Client({ connectionString: system.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE metrics.ledger, metrics.series, metrics.samples IN ACCESS EXCLUSIVE MODE');
    await lasting(12_000); // longer than a lock is waited for
    await accepted(load, 3_000);
    await blocker.query('ROLLBACK');
    await blocker.end();
    await expectPromiseKept(system, load);
  });
});
