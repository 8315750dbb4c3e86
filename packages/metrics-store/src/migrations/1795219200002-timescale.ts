import type { MigrationInterface, QueryRunner } from 'typeorm';

import { columnstore, continuousAggregates, rolledFunctions, rollups } from './timescale-rollups.js';
import { isHypertable } from './timescale.js';

/**
 * Columnstore, rollups and their policies, where `metrics.samples` is a hypertable; nothing elsewhere.
 *
 * Outside of a transaction, as several of TimescaleDB's statements demand; each of them may be run again after one failed.
 */
export class Timescale1795219200002 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    if (!(await isHypertable(runner))) return;
    for (const statement of [...columnstore, ...continuousAggregates, ...rolledFunctions])
      await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    if (!(await isHypertable(runner))) return;
    // The functions over rollups go with the migration before this one, which drops them by name.
    for (const { name } of rollups) await runner.query(`DROP MATERIALIZED VIEW IF EXISTS metrics.${name}`);
    await runner.query(`CALL remove_columnstore_policy('metrics.samples', if_exists => true)`);
  }
}
