import { Client, escapeIdentifier } from 'pg';

import { metricsDataSource } from './data-source.js';
import { unavailable } from './faults.js';

export interface MigrateOptions {
  /** Role that queries run as. Where it exists it may use the reader's views and functions, and nothing else of the store. */
  readonly readerRole?: string;
}

// Held for the whole run, on a connection of its own: whoever comes second finds everything done.
const MIGRATION_LOCK = '7303014, 1';
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Brings the database's schema `metrics` up to date. Safe to call from several processes at once, and again.
 *
 * Rejects with StoreUnavailableError; a migration that failed left nothing behind, except those that cannot run in a
 * transaction, which can be run again.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<void> {
  const guard = new Client({
    connectionString: url,
    application_name: 'weir migrations',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  guard.on('error', () => undefined); // the next statement on it fails and says so
  try {
    await guard.connect();
    await guard.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await guard.query('CREATE SCHEMA IF NOT EXISTS metrics');
    await runMigrations(url);
    if (options.readerRole !== undefined) await grant(guard, options.readerRole);
  } catch (thrown) {
    throw unavailable(thrown, 'the store was not migrated');
  } finally {
    await guard.end().catch(() => undefined);
  }
}

async function runMigrations(url: string): Promise<void> {
  const dataSource = await metricsDataSource(url).initialize();
  try {
    // One transaction each, since some of TimescaleDB's statements refuse to run in any.
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await dataSource.destroy();
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
