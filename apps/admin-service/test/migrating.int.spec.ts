import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FreshDatabase, freshDatabase } from '@weir/testing';
import { Client } from 'pg';

import { adminDataSource } from '../src/database/data-source.js';
import { migrate } from '../src/database/migrate.js';

describe('migrate', () => {
  let database: FreshDatabase;
  beforeEach(async () => {
    database = await freshDatabase('admin');
  });
  afterEach(() => database.drop());

  const tables = async (): Promise<string[]> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'admin' ORDER BY 1`,
      );
      return rows.map(({ name }) => name).filter((name) => name !== 'migrations');
    } finally {
      await client.end();
    }
  };

  it('lets several processes start at once, and can be taken back and run again', async () => {
    await Promise.all([1, 2, 3].map(() => migrate(database.url)));
    await migrate(database.url);
    const made = await tables();
    expect(made).toContain('tenants');
    const dataSource = await adminDataSource(database.url).initialize();
    try {
      for (const _ of dataSource.migrations) await dataSource.undoLastMigration({ transaction: 'each' });
    } finally {
      await dataSource.destroy();
    }
    expect(await tables()).toEqual([]);
    await migrate(database.url);
    expect(await tables()).toEqual(made);
  });

  it('waits for a database that is away', async () => {
    await expect(migrate('postgres://weir@127.0.0.1:1/none')).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: true,
    });
  });
});
