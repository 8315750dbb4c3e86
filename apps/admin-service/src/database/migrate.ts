import { messageOf, StoreUnavailableError } from '@weir/errors';
import { Client } from 'pg';

import { adminDataSource } from './data-source.js';

// Held for the whole run, on a connection of its own: whoever comes second finds everything done.
const MIGRATION_LOCK = '7303014, 4';
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Brings the database's schema `admin` up to date. Safe to call from several processes at once, and again.
 *
 * Rejects with StoreUnavailableError; a migration that failed left nothing behind.
 */
export async function migrate(url: string): Promise<void> {
  const guard = new Client({
    connectionString: url,
    application_name: 'weir admin migrations',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  guard.on('error', () => undefined); // the next statement on it fails and says so
  try {
    await guard.connect();
    await guard.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await guard.query('CREATE SCHEMA IF NOT EXISTS admin');
    const dataSource = await adminDataSource(url).initialize();
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await dataSource.destroy();
    }
  } catch (thrown) {
    throw new StoreUnavailableError(`the database was not migrated: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    await guard.end().catch(() => undefined);
  }
}
