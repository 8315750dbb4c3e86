import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { metricsDataSource } from '../src/data-source.js';
import { migrate } from '../src/index.js';
import { testStore, type TestStore } from './support/store.js';

describe('migrate', () => {
  let db: TestStore;
  beforeEach(async () => {
    db = await testStore({ migrated: false });
  });
  afterEach(() => db.close());

  it('lets several processes start at once, and runs each migration once', async () => {
    await Promise.all([1, 2, 3].map(() => migrate(db.url)));
    await migrate(db.url);
    const { rows } = await db.admin.query<{ name: string }>('SELECT name FROM metrics.migrations ORDER BY id');
    expect(rows.map(({ name }) => name)).toEqual([...new Set(rows.map(({ name }) => name))]);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('makes the tables that the entities describe', async () => {
    await migrate(db.url);
    const dataSource = await metricsDataSource(db.url).initialize();
    try {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('can be taken back, migration by migration', async () => {
    await migrate(db.url);
    const dataSource = await metricsDataSource(db.url).initialize();
    try {
      for (const _ of dataSource.migrations) await dataSource.undoLastMigration({ transaction: 'each' });
    } finally {
      await dataSource.destroy();
    }
    const { rows } = await db.admin.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'metrics'::regnamespace AND relkind IN ('r', 'p', 'v') AND relname <> 'migrations'`,
    );
    expect(rows).toEqual([]);
    await migrate(db.url);
  });

  it('goes on without a reader role that does not exist', async () => {
    await expect(migrate(db.url, { readerRole: 'nobody_of_that_name' })).resolves.toBeUndefined();
  });

  it('waits for a database that is away', async () => {
    await expect(migrate('postgres://weir@127.0.0.1:1/none')).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: true,
    });
  });
});
