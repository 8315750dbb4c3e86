import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '@weir/e2e/process';
import { engines, eventually } from '@weir/testing';

import { ended, started } from '../programs.js';
import type { BenchSystem } from '../system.js';

/** Where scripts/bench.mjs has built it. */
const { BENCH_REDPANDA_CONNECT = '' } = process.env;
/** A tenth faster than without, for twice the memory. */
const TUNED = { GOGC: '400' };
const SCHEMA_REGISTRY = { refresh_period: '1h', avro_raw_json: true } as const;
/** Samples as a JSON array become rows of series and samples, in one statement. Measured against one wide table: half as long. */
const UPSERT = `WITH batch AS MATERIALIZED (
    SELECT md5(tenant_id || '/' || name || '/' || labels)::uuid AS id, tenant_id, name, labels,
           to_timestamp("timestamp" / 1000.0) AS ts, value
    FROM json_to_recordset($1::json) AS sample (tenant_id text, name text, labels text, "timestamp" float8, value float8)),
  series AS (
    INSERT INTO peer_series SELECT DISTINCT ON (id) id, tenant_id, name, labels::jsonb FROM batch ON CONFLICT (id) DO NOTHING)
  INSERT INTO peer_samples SELECT id, ts, value FROM batch
  ON CONFLICT (series_id, ts) DO UPDATE SET value = excluded.value`;

const TABLES = `
  DROP TABLE IF EXISTS peer_series, peer_samples;
  CREATE TABLE peer_series (
    id uuid PRIMARY KEY, tenant_id text NOT NULL, name text NOT NULL, labels jsonb NOT NULL);
  CREATE TABLE peer_samples (
    series_id uuid NOT NULL, ts timestamptz NOT NULL, value float8 NOT NULL, PRIMARY KEY (series_id, ts))`;

/**
 * Redpanda Connect (https://docs.redpanda.com/redpanda-connect), which somebody would take in place of Weir: built by bench/peers from its
 * components under the Apache licence, and set up for the same work with the same guarantee on the way into Kafka. It checks nothing and
 * keeps no ledger.
 */
export class RedpandaConnect {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Takes samples at `/post`, one or a JSON array of them, and answers once Kafka has them all. */
  static async ingesting(topic: string, tenantId: string, batched: boolean): Promise<RedpandaConnect> {
    const port = await freePort();
    const event = `root = this
      root.tenant_id = ${JSON.stringify(tenantId)}
      root.ingested_at = timestamp_unix_milli()
      meta key = this.labels.host`;
    return RedpandaConnect.start(`http://127.0.0.1:${port}/post`, {
      input: { http_server: { address: `127.0.0.1:${port}`, path: '/post', allowed_verbs: ['POST'], timeout: '30s' } },
      pipeline: {
        processors: [
          ...(batched ? [{ unarchive: { format: 'json_array' } }] : []),
          { mapping: event },
          { schema_registry_encode: { ...SCHEMA_REGISTRY, url: registry(), subject: 'metrics.raw-value' } },
        ],
      },
      output: {
        reject_errored: {
          kafka_franz: {
            seed_brokers: brokers(),
            topic,
            key: '${! meta("key") }',
            compression: 'lz4',
            max_in_flight: 256,
          },
        },
      },
    });
  }

  /** Upserts the records of a topic into the tables of `makePeerTables`; what the group has committed is stored. */
  static draining(topic: string, groupId: string, databaseUrl: string): Promise<RedpandaConnect> {
    return RedpandaConnect.start('', {
      input: {
        kafka_franz: {
          seed_brokers: brokers(),
          topics: [topic],
          consumer_group: groupId,
          start_from_oldest: true,
          checkpoint_limit: 200_000,
          commit_period: '100ms',
          batching: { count: 2_000, period: '50ms' },
        },
      },
      pipeline: { processors: [{ schema_registry_decode: { avro_raw_json: true, url: registry() } }] },
      output: {
        reject_errored: {
          sql_raw: {
            driver: 'postgres',
            dsn: `${databaseUrl}?sslmode=disable`,
            query: UPSERT,
            args_mapping: 'root = [ content().string() ]',
            max_in_flight: 4,
          },
          processors: [{ archive: { format: 'json_array' } }],
        },
      },
    });
  }

  private static async start(url: string, config: object): Promise<RedpandaConnect> {
    if (BENCH_REDPANDA_CONNECT === '') throw new Error('Redpanda Connect is built by `npm run bench -- --peers`.');
    const admin = await freePort();
    const file = join(mkdtempSync(join(tmpdir(), 'weir-bench-')), 'redpanda-connect.json');
    const common = { http: { address: `127.0.0.1:${admin}` }, logger: { level: 'WARN' }, shutdown_timeout: '5s' };
    writeFileSync(file, JSON.stringify({ ...common, ...config }));
    const peer = new RedpandaConnect(started(BENCH_REDPANDA_CONNECT, ['run', file], TUNED), url);
    await eventually(async () => (await fetch(`http://127.0.0.1:${admin}/ready`)).status === 200);
    return peer;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async end(): Promise<void> {
    await ended(this.child);
  }
}

const brokers = (): string[] => engines().kafka.bootstrapServers.split(',');
const registry = (): string => engines().schemaRegistry.url;

/** What `draining` needs in the database, with nothing in it. */
export async function makePeerTables(weir: BenchSystem): Promise<void> {
  await weir.running.sql(TABLES);
}

/** How many samples it has stored. */
export async function peerSamples(weir: BenchSystem): Promise<number> {
  const [row] = await weir.running.sql<{ count: string }>('SELECT count(*) FROM peer_samples');
  return Number(row?.count);
}
