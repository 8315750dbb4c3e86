import { ADVISORY_LOCKS, migrate as migrateSchema } from '@weir/postgres';
import { type Client, escapeIdentifier } from 'pg';

import { metricsDataSource } from './data-source.js';
import { unavailable } from './faults.js';

export interface MigrateOptions {
  /** Role that queries run as. Where it exists it may use the reader's views and functions, and nothing else of the store. */
  readonly readerRole?: string;
}

/**
 * Brings the database's schema `metrics` up to date. Safe to call from several processes at once, and again.
 *
 * Rejects with StoreUnavailableError; a migration that failed left nothing behind, except those that cannot run in a
 * transaction, which can be run again.
 */
export async function migrate(url: string, { readerRole }: MigrateOptions = {}): Promise<void> {
  try {
    await migrateSchema(url, {
      schema: 'metrics',
      lock: ADVISORY_LOCKS.storeMigration,
      dataSource: () => metricsDataSource(url),
      ...(readerRole !== undefined && { afterwards: (client) => grant(client, readerRole) }),
    });
  } catch (thrown) {
    throw unavailable(thrown, 'the store was not migrated');
  }
}

async function grant(client: Client, role: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) return;
  const name = escapeIdentifier(role);
  await client.query(`
    REVOKE ALL ON ALL TABLES IN SCHEMA metrics FROM ${name};
    GRANT USAGE ON SCHEMA metrics TO ${name};
    GRANT SELECT ON metrics.tenant_series TO ${name};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA metrics TO ${name};`);
}
