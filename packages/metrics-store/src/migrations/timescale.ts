import type { QueryRunner } from 'typeorm';

/**
 * Does this database have TimescaleDB with the features that Weir uses? Creates the extension where the server has it loaded
 * and this role may.
 *
 * The Apache-licensed edition refuses the columnstore, continuous aggregates and policies, so there Weir partitions natively.
 */
export async function hasTimescale(runner: QueryRunner): Promise<boolean> {
  if (!(await isInstalled(runner))) {
    // Where the library is not loaded, CREATE EXTENSION would end the session.
    const isLoaded = `SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting LIKE '%timescaledb%'`;
    if (!(await holds(runner, isLoaded)) || !(await install(runner))) return false;
  }
  return holds(runner, `SELECT WHERE current_setting('timescaledb.license', true) = 'timescale'`);
}

/** Is `metrics.samples` a hypertable? What later migrations go by, whatever was installed since the first. */
export async function isHypertable(runner: QueryRunner): Promise<boolean> {
  return holds(runner, `SELECT FROM pg_class WHERE oid = 'metrics.samples'::regclass AND relkind <> 'p'`);
}

async function isInstalled(runner: QueryRunner): Promise<boolean> {
  return holds(runner, `SELECT FROM pg_extension WHERE extname = 'timescaledb'`);
}

async function install(runner: QueryRunner): Promise<boolean> {
  if (!(await holds(runner, `SELECT FROM pg_available_extensions WHERE name = 'timescaledb'`))) return false;
  await runner.query('SAVEPOINT timescale');
  try {
    await runner.query('CREATE EXTENSION timescaledb');
  } catch {
    await runner.query('ROLLBACK TO SAVEPOINT timescale'); // not for this role to do: native partitions serve as well
    return false;
  }
  await runner.query('RELEASE SAVEPOINT timescale');
  return true;
}

async function holds(runner: QueryRunner, question: string): Promise<boolean> {
  const rows: unknown = await runner.query(question);
  return Array.isArray(rows) && rows.length > 0;
}
