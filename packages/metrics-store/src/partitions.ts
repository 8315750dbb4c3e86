import { ADVISORY_LOCKS, openPool, type PostgresConnection } from '@weir/postgres';
import type { Pool, PoolClient } from 'pg';

import { unavailable } from './faults.js';

const DAY_MS = 86_400_000;
const DDL_LOCK = `pg_advisory_xact_lock(${ADVISORY_LOCKS.storePartitions})`;
/** Days created in one transaction; each costs a few entries of the shared lock table. */
const DAYS_PER_TRANSACTION = 64;

/**
 * Keeps a daily partition under every sample, where `metrics.samples` is natively partitioned. With TimescaleDB, which makes
 * its own chunks, every call resolves without doing anything.
 *
 * It works on a connection of its own: what it creates is committed at once, whatever becomes of the caller's transaction, and a
 * caller that holds the last connection of its pool cannot wait for itself. Partitions are attached, and not created in
 * place, since that alone lets readers and writers of the other days go on (ACCESS EXCLUSIVE otherwise).
 */
export class PartitionKeeper {
  private readonly pool: Pool;
  private readonly created = new Set<number>();
  private native: boolean | undefined;

  constructor(connection: PostgresConnection) {
    this.pool = openPool({ ...connection, maxConnections: 1 });
  }

  /** Makes sure of the partitions of these epoch milliseconds. Costs a look into a set where they are known. */
  async ensureFor(timestampsMs: readonly number[]): Promise<void> {
    if (this.native === false) return;
    const missing = new Set<number>();
    let seen: number | undefined;
    for (const timestampMs of timestampsMs) {
      const day = Math.floor(timestampMs / DAY_MS);
      if (day === seen) continue;
      seen = day;
      if (!this.created.has(day)) missing.add(day);
    }
    if (missing.size > 0) await this.create([...missing]);
  }

  /** As `ensureFor`, for partitions that were there and are gone. */
  async recreateFor(timestampsMs: readonly number[]): Promise<void> {
    this.created.clear();
    await this.ensureFor(timestampsMs);
  }

  /** Makes the partitions from one time up to and with another, ahead of the samples. */
  async ensurePartitions(fromMs: number, toMs: number): Promise<void> {
    const days = Math.floor(toMs / DAY_MS) - Math.floor(fromMs / DAY_MS) + 1;
    await this.ensureFor(Array.from({ length: Math.max(days, 0) }, (_, i) => fromMs + i * DAY_MS));
  }

  /**
   * Drops the partitions whose last sample is older than `beforeMs`, oldest first, and returns how many.
   *
   * A dropped partition is gone with all its samples. Needs a moment without readers; where it does not get one within the
   * lock time-out it rejects, and what it dropped so far stays dropped.
   */
  async dropBefore(beforeMs: number): Promise<number> {
    if (!(await this.isNative())) return 0;
    const lastDay = Math.floor(beforeMs / DAY_MS) - 1;
    const { rows } = await this.run((client) =>
      client.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'metrics.samples'::regclass`,
      ),
    );
    const old = rows.flatMap(({ name }) => dayOf(name) ?? []).filter((day) => day <= lastDay);
    for (const day of old.toSorted((a, b) => a - b)) {
      await this.run((client) => client.query(`DROP TABLE metrics.${nameOf(day)}`));
      this.created.delete(day);
    }
    return old.length;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async create(days: readonly number[]): Promise<void> {
    if (!(await this.isNative())) return;
    const sorted = days.toSorted((a, b) => a - b);
    for (let at = 0; at < sorted.length; at += DAYS_PER_TRANSACTION) {
      const lot = sorted.slice(at, at + DAYS_PER_TRANSACTION);
      await this.run((client) => createPartitions(client, lot));
      for (const day of lot) this.created.add(day);
    }
  }

  private async isNative(): Promise<boolean> {
    if (this.native === undefined) {
      const { rows } = await this.run((client) =>
        client.query<{ native: boolean }>(
          `SELECT relkind = 'p' AS native FROM pg_class WHERE oid = 'metrics.samples'::regclass`,
        ),
      );
      this.native = rows[0]?.native === true;
    }
    return this.native;
  }

  private async run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await this.pool.connect();
    } catch (thrown) {
      throw unavailable(thrown, 'no connection for partitions');
    }
    try {
      await client.query('BEGIN');
      const answer = await work(client);
      await client.query('COMMIT');
      client.release();
      return answer;
    } catch (thrown) {
      client.release(true);
      throw unavailable(thrown, 'partitions of metrics.samples');
    }
  }
}

async function createPartitions(client: PoolClient, days: readonly number[]): Promise<void> {
  await client.query(`SELECT ${DDL_LOCK}`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'metrics.samples'::regclass AND c.relname = ANY ($1)`,
    [days.map(nameOf)],
  );
  const present = new Set(rows.map(({ name }) => name));
  for (const day of days) {
    const name = nameOf(day);
    if (present.has(name)) continue;
    // Bounds as days from the epoch, since PostgreSQL reads no year before 1 as ECMAScript writes it.
    await client.query(
      `CREATE TABLE metrics.${name} (LIKE metrics.samples INCLUDING ALL);
       ALTER TABLE metrics.samples ATTACH PARTITION metrics.${name}
         FOR VALUES FROM (timestamptz 'epoch' + interval '${day} days') TO (timestamptz 'epoch' + interval '${day + 1} days')`,
    );
  }
}

/** `samples_20261121`; years as ECMAScript counts them (0 is 1 BC), those below 0 as `samples_minus…`. */
function nameOf(day: number): string {
  const date = new Date(day * DAY_MS);
  const year = date.getUTCFullYear();
  const prefix = year < 0 ? 'samples_minus' : 'samples_';
  return `${prefix}${String(Math.abs(year)).padStart(4, '0')}${twoDigits(date.getUTCMonth() + 1)}${twoDigits(date.getUTCDate())}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

function dayOf(name: string): number | null {
  const match = /^samples_(minus)?(\d{4,6})(\d\d)(\d\d)$/.exec(name);
  if (match === null) return null;
  const [, minus, year, month, date] = match;
  const at = new Date(0);
  at.setUTCFullYear(minus === undefined ? Number(year) : -Number(year), Number(month) - 1, Number(date));
  return Math.floor(at.getTime() / DAY_MS);
}
