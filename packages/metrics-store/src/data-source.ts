import 'reflect-metadata';
import { DataSource } from 'typeorm';

import { LedgerLineEntity } from './entities/ledger-line.entity.js';
import { SampleEntity } from './entities/sample.entity.js';
import { SeriesEntity } from './entities/series.entity.js';
import { CreateStore1795219200000 } from './migrations/1795219200000-create-store.js';
import { CreateReader1795219200001 } from './migrations/1795219200001-create-reader.js';
import { Timescale1795219200002 } from './migrations/1795219200002-timescale.js';
import { CreateOutbox1795305600000 } from './migrations/1795305600000-create-outbox.js';
import { HashBuckets1795478400000 } from './migrations/1795478400000-hash-buckets.js';
import { PointsOfSeries1795482000000 } from './migrations/1795482000000-points-of-series.js';

/** TypeORM's view of the store: entities and migrations. Rows are written and read by `MetricsStore` and `MetricsReader`. */
export function metricsDataSource(url: string): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    schema: 'metrics',
    entities: [SeriesEntity, SampleEntity, LedgerLineEntity],
    migrations: [
      CreateStore1795219200000,
      CreateReader1795219200001,
      Timescale1795219200002,
      CreateOutbox1795305600000,
      HashBuckets1795478400000,
      PointsOfSeries1795482000000,
    ],
    migrationsTableName: 'migrations',
    synchronize: false,
    installExtensions: false,
    applicationName: 'weir migrations',
    poolSize: 2,
  });
}
