import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type FreshDatabase, freshDatabase } from '@weir/testing';
import { Client } from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';

import { ADVISORY_LOCKS, migrate, type Migration } from '../src/index.js';

class MakeThings1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE trial.things (made_at timestamptz NOT NULL DEFAULT now())');
    await runner.query('INSERT INTO trial.things DEFAULT VALUES');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trial.things');
  }
}

class Breaks1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE trial.half ()');
    await runner.query('SELECT no_such_function()');
  }

  async down(): Promise<void> {
    // There is nothing to take back.
  }
}

const lock = ADVISORY_LOCKS.adminMigration;
let db: FreshDatabase;
let client: Client;
beforeAll(async () => {
  db = await freshDatabase('migrations');
  client = new Client({ connectionString: db.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await db.drop();
});

const migration = (...migrations: (new () => MigrationInterface)[]): Migration => ({
  schema: 'trial',
  lock,
  dataSource: () =>
    new DataSource({ type: 'postgres', url: db.url, schema: 'trial', migrations, installExtensions: false }),
});

describe('migrate', () => {
  it('brings a schema up to date once, however many processes want to at the same moment', async () => {
    const granted: number[] = [];
    const afterwards = async (guard: Client): Promise<void> => {
      granted.push((await guard.query('SELECT FROM trial.things')).rowCount ?? 0);
    };
    await Promise.all([1, 2, 3].map(() => migrate(db.url, { ...migration(MakeThings1700000000000), afterwards })));
    expect(granted).toEqual([1, 1, 1]);
  });

  it('waits for whoever holds the lock', async () => {
    await client.query(`SELECT pg_advisory_lock(${lock})`);
    const order: string[] = [];
    const migrated = migrate(db.url, migration(MakeThings1700000000000)).then(() => order.push('migrated'));
    await eventually(
      async () =>
        (
          await client.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
        ).rowCount === 1,
    );
    order.push('released');
    await client.query(`SELECT pg_advisory_unlock(${lock})`);
    await migrated;
    expect(order).toEqual(['released', 'migrated']);
  });

  it('leaves nothing of a migration that failed, and frees the lock', async () => {
    await expect(migrate(db.url, migration(MakeThings1700000000000, Breaks1700000000001))).rejects.toThrow(
      'no_such_function',
    );
    expect((await client.query(`SELECT to_regclass('trial.half') AS found`)).rows).toEqual([{ found: null }]);
    await migrate(db.url, migration(MakeThings1700000000000));
  });

  it('locks what nothing else locks', () => {
    const numbers = Object.values(ADVISORY_LOCKS);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
