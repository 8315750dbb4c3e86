import { Client } from 'pg';
import type { DataSource } from 'typeorm';

export interface Migration {
  /** Made where it is missing; TypeORM's own table lies in it. */
  readonly schema: string;
  /** One of ADVISORY_LOCKS. */
  readonly lock: string;
  /** Not initialised yet. */
  readonly dataSource: () => DataSource;
  /** Runs after the migrations and under their lock. */
  readonly afterwards?: (client: Client) => Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Brings a schema up to date. Safe to call from several processes at once, and again: the lock is held for the whole run, on a connection
 * of its own, and whoever comes second finds everything done.
 *
 * Rejects with the error of `pg` or TypeORM. A migration that failed left nothing behind, except those that cannot run in a transaction, which
 * can be run again.
 */
export async function migrate(url: string, { schema, lock, dataSource, afterwards }: Migration): Promise<void> {
  const guard = new Client({
    connectionString: url,
    application_name: 'weir migrations',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  guard.on('error', () => undefined); // the next statement on it fails and says so
  try {
    await guard.connect();
    await guard.query(`SELECT pg_advisory_lock(${lock})`);
    await guard.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    const source = await dataSource().initialize();
    try {
      // One transaction each, since some of TimescaleDB's statements refuse to run in any.
      await source.runMigrations({ transaction: 'each' });
    } finally {
      await source.destroy();
    }
    await afterwards?.(guard);
  } finally {
    await guard.end().catch(() => undefined);
  }
}
