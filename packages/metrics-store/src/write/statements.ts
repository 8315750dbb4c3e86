import { StoreUnavailableError } from '@weir/errors';
import { CopyQuery } from '@weir/postgres';
import type { PoolClient } from 'pg';

import { float8Array, int8Array, textArray, timestampArray, uuidArray } from './binary-array.js';
import { copyBody } from './copy-format.js';
import type { Series } from './known-series.js';
import type { Row } from './rows.js';

const INSERT_SERIES = `
  INSERT INTO metrics.series (id, tenant_id, name, environment, labels)
  SELECT id, tenant_id, name, environment, labels::jsonb
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS s (id, tenant_id, name, environment, labels)
  ON CONFLICT (id) DO NOTHING`;

const COPY_SAMPLES = 'COPY metrics.samples (series_id, ts, value, version) FROM STDIN (FORMAT binary)';

const upsertSamples = (olderThan: '<' | '<='): string => `
  INSERT INTO metrics.samples AS stored (series_id, ts, value, version)
  SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::float8[], $4::int8[])
  ON CONFLICT (series_id, ts) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version
  WHERE stored.version ${olderThan} EXCLUDED.version`;

/** Names the rows that took their place: those of a conflict that was lost are not returned. */
const RETURNING_KEYS = 'RETURNING series_id, (extract(epoch FROM ts) * 1000)::bigint AS ms';

// guarantees, rule 7: the later of two live samples stands; a replay never undoes a correction.
const UPSERT_LIVE = upsertSamples('<=');
const UPSERT_REPLAYED = `${upsertSamples('<')} ${RETURNING_KEYS}`;

/** Inserts those that are not there yet. Expects the order of ids, against deadlocks between writers. */
export async function insertSeries(client: PoolClient, series: readonly Series[]): Promise<void> {
  await client.query(INSERT_SERIES, [
    uuidArray(series.map((s) => s.id)),
    textArray(series.map((s) => s.identity.tenantId)),
    textArray(series.map((s) => s.identity.name)),
    textArray(series.map((s) => s.identity.environment)),
    textArray(series.map((s) => JSON.stringify(s.identity.labels))),
  ]);
}

/**
 * Writes rows of which none is there yet, about three times as fast as `upsertRows`; any that is there fails all (23505). Rejects where the
 * server took fewer than it was given, as a trigger can make it without an error: such rows would count as stored.
 *
 * Answers the rows of replayed samples whose values are stored now: all of them. `first`: statements that go in front, in the same turn.
 */
export async function copyRows(client: PoolClient, rows: readonly Row[], first = ''): Promise<readonly Row[]> {
  const taken = await client.query(new CopyQuery(`${first} ${COPY_SAMPLES}`, copyBody(rows))).done;
  if (taken !== rows.length)
    throw new StoreUnavailableError(`The database took ${taken} of ${rows.length} rows, without an error`);
  return replayedAmong(rows);
}

/** Writes rows of distinct keys, each by the version rule of its kind, and answers as `copyRows` does. Expects key order. */
export async function upsertRows(client: PoolClient, rows: readonly Row[]): Promise<readonly Row[]> {
  const replayed = replayedAmong(rows);
  const live = replayed.length === 0 ? rows : rows.filter((row) => !row.chosen.sample.replayed);
  if (live.length > 0) await client.query(UPSERT_LIVE, columnsOf(live));
  if (replayed.length === 0) return [];
  const { rows: keys } = await client.query<{ series_id: string; ms: string }>(UPSERT_REPLAYED, columnsOf(replayed));
  const written = new Set(keys.map(({ series_id: id, ms }) => `${id.replaceAll('-', '')}@${ms}`));
  return replayed.filter(({ series, timestampMs }) => written.has(`${series.hex}@${timestampMs}`));
}

const replayedAmong = (rows: readonly Row[]): Row[] => rows.filter((row) => row.chosen.sample.replayed);

function columnsOf(rows: readonly Row[]): Buffer[] {
  return [
    uuidArray(rows.map((row) => row.series.id)),
    timestampArray(rows.map((row) => row.timestampMs)),
    float8Array(rows.map((row) => row.chosen.sample.value)),
    int8Array(rows.map((row) => row.chosen.sample.version)),
  ];
}
