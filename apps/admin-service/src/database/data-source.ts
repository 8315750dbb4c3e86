import 'reflect-metadata';
import { DataSource } from 'typeorm';

import { CreateAdmin1795305600000 } from './migrations/1795305600000-create-admin.js';
import { CreateDeadLetters1795392000000 } from './migrations/1795392000000-create-dead-letters.js';
import { TraceReplays1795478400000 } from './migrations/1795478400000-trace-replays.js';
import { FindReplayedLetters1795564800000 } from './migrations/1795564800000-find-replayed-letters.js';
import { FindWaitingItems1795651200000 } from './migrations/1795651200000-find-waiting-items.js';

/** TypeORM's view of the database: its migrations. Rows are read and written by the features' own SQL. */
export function adminDataSource(url: string): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    schema: 'admin',
    migrations: [
      CreateAdmin1795305600000,
      CreateDeadLetters1795392000000,
      TraceReplays1795478400000,
      FindReplayedLetters1795564800000,
      FindWaitingItems1795651200000,
    ],
    migrationsTableName: 'migrations',
    synchronize: false,
    installExtensions: false,
    applicationName: 'weir admin migrations',
    poolSize: 2,
  });
}
