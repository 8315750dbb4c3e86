import { openPool } from '@weir/postgres';
import { createLogger, type Logger } from '@weir/telemetry';
import { freshDatabase } from '@weir/testing';
import type { Pool } from 'pg';

import { migrate } from '../../src/database/migrate.js';

/** admin-service's tables in a database of their own, without a service. */
export interface AdminSchema {
  readonly pool: Pool;
  drop(): Promise<void>;
}

export async function adminSchema(name: string): Promise<AdminSchema> {
  const database = await freshDatabase(name);
  await migrate(database.url);
  const pool = openPool({ url: database.url });
  return {
    pool,
    drop: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

export const SILENT: Logger = createLogger({
  name: 'test',
  version: '0',
  instance: 'test',
  logLevel: 'silent',
  environment: 'test',
});
