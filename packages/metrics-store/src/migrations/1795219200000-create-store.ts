import type { MigrationInterface, QueryRunner } from 'typeorm';

import { hasTimescale } from './timescale.js';

const SERIES = `
  CREATE TABLE metrics.series (
    id uuid PRIMARY KEY,
    tenant_id text COLLATE "C" NOT NULL CONSTRAINT series_tenant_length CHECK (octet_length(tenant_id) BETWEEN 1 AND 256),
    name text COLLATE "C" NOT NULL CONSTRAINT series_name_length CHECK (octet_length(name) BETWEEN 1 AND 1024),
    environment text COLLATE "C",
    labels jsonb NOT NULL CONSTRAINT series_labels_object CHECK (jsonb_typeof(labels) = 'object'),
    first_seen timestamptz NOT NULL DEFAULT now()
  )`;

const samples = (suffix: string): string => `
  CREATE TABLE metrics.samples (
    series_id uuid NOT NULL,
    ts timestamptz NOT NULL,
    value double precision NOT NULL
      CONSTRAINT samples_value_finite CHECK (value > '-Infinity' AND value < 'Infinity'),
    version bigint NOT NULL,
    PRIMARY KEY (series_id, ts)
  ) ${suffix}`;

const LEDGER = `
  CREATE TABLE metrics.ledger (
    topic_id uuid NOT NULL,
    partition integer NOT NULL,
    topic text NOT NULL,
    first bigint NOT NULL,
    next bigint NOT NULL,
    stored bigint NOT NULL DEFAULT 0,
    dead_lettered bigint NOT NULL DEFAULT 0,
    gap bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic_id, partition)
  ) WITH (fillfactor = 50)`;

/**
 * Series, samples and the ledger.
 *
 * The lengths of tenant and name are bounded here too, since both are in an index: a key that is too long for a B-tree page is
 * an error of class 54, which nobody could tell from a server that is out of room.
 */
export class CreateStore1795219200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SERIES);
    await runner.query('CREATE INDEX series_by_name ON metrics.series (tenant_id, name)');
    if (await hasTimescale(runner)) {
      await runner.query(samples(''));
      await runner.query(
        `SELECT create_hypertable('metrics.samples', by_range('ts', INTERVAL '1 day'), create_default_indexes => false)`,
      );
    } else await runner.query(samples('PARTITION BY RANGE (ts)'));
    await runner.query(LEDGER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE metrics.ledger, metrics.samples, metrics.series');
  }
}
