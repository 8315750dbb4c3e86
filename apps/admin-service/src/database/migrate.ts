import { messageOf, StoreUnavailableError } from '@weir/errors';
import { ADVISORY_LOCKS, migrate as migrateSchema } from '@weir/postgres';

import { adminDataSource } from './data-source.js';

/**
 * Brings the database's schema `admin` up to date. Safe to call from several processes at once, and again.
 *
 * Rejects with StoreUnavailableError; a migration that failed left nothing behind.
 */
export async function migrate(url: string): Promise<void> {
  try {
    await migrateSchema(url, {
      schema: 'admin',
      lock: ADVISORY_LOCKS.adminMigration,
      dataSource: () => adminDataSource(url),
    });
  } catch (thrown) {
    throw new StoreUnavailableError(`the database was not migrated: ${messageOf(thrown)}`, { cause: thrown });
  }
}
