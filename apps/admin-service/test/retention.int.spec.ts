import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailableError } from '@weir/errors';
import type { Pool } from 'pg';

import { Database } from '../src/database/database.js';
import { Retention } from '../src/retention/retention.js';
import { type AdminSchema, adminSchema, SILENT } from './support/admin-schema.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-22T12:00:00.000Z');
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * DAY_MS);

let schema: AdminSchema;
let pool: Pool;
let database: Database;
let retention: Retention;
beforeAll(async () => {
  schema = await adminSchema('retention');
  pool = schema.pool;
  const options = { deadLettersMs: 90 * DAY_MS, replaysMs: 60 * DAY_MS, auditMs: 400 * DAY_MS };
  database = new Database(pool);
  retention = new Retention(database, SILENT, options);
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => schema.drop());

async function letter(identity: string, routedAt: Date, offset: number, fingerprint = 'f'): Promise<void> {
  await pool.query(
    `INSERT INTO admin.dead_letters (dlq_partition, dlq_offset, identity, replay_count, class, reason, error, fingerprint, topic, partition, origin_offset,
       origin_at, routed_at, consumer_group, service_version, attempts, omitted_bytes, value_sha256)
     VALUES (0, $1, $2, 0, 'invalid', 'name', 'no', $3, 'metrics.raw', 0, $1, $4, $4, 'g', '1', 1, 0, '\\x00')`,
    [offset, identity, fingerprint, routedAt],
  );
  await pool.query(
    `INSERT INTO admin.dead_letter_groups (fingerprint, class, reason, error, pattern, first_seen, last_seen, service_versions, sample_partition, sample_offset)
     VALUES ($1, 'invalid', 'name', 'no', 'no', $2, $2, '{1}', 0, $3)
     ON CONFLICT (fingerprint) DO UPDATE SET last_seen = greatest(admin.dead_letter_groups.last_seen, excluded.last_seen)`,
    [fingerprint, routedAt, offset],
  );
}

async function replay(id: string, identity: string, finishedAt: Date | null): Promise<void> {
  await pool.query(
    `INSERT INTO admin.replays (id, state, selection, plan_hash, records, rate, chunk_records, max_attempts, created_by, finished_at)
     VALUES ($1, $2, '{}', '', 1, 1, 1, 5, '', $3)`,
    [id, finishedAt === null ? 'running' : 'completed', finishedAt],
  );
  await pool.query(
    `INSERT INTO admin.replay_chunks (replay_id, chunk, records, unanswered, issued_at, deadline, last_issued_at) VALUES ($1, 0, 1, 0, now(), now(), now())`,
    [id],
  );
  await pool.query(
    `INSERT INTO admin.replay_items (replay_id, item, identity, replay_count, dlq_partition, dlq_offset, value_sha256, held)
     VALUES ($1, 0, $2, 1, 0, 0, '\\x00', $3)`,
    [id, identity, finishedAt === null],
  );
}

const decided = (identity: string, discardedAt: Date | null): Promise<unknown> =>
  pool.query('INSERT INTO admin.dead_letter_decisions (identity, issued, discarded_at) VALUES ($1, 1, $2)', [
    identity,
    discardedAt,
  ]);

const all = async (column: string, table: string): Promise<unknown[]> =>
  (await pool.query<{ value: unknown }>(`SELECT ${column} AS value FROM admin.${table} ORDER BY 1`)).rows.map(
    ({ value }) => value,
  );

describe('what is over', () => {
  it('is deleted after its time, and what is young, under way or still of use stays', async () => {
    await letter('old', daysAgo(91), 1);
    await letter('replayed now', daysAgo(91), 2);
    await letter('young', daysAgo(89), 3, 'g');
    await letter('last of its group', daysAgo(91), 4, 'h');
    await replay('under way', 'replayed now', null);
    await replay('long over', 'old', daysAgo(61));
    await replay('over', 'young', daysAgo(59));
    await decided('old', null);
    await decided('replayed now', null);
    await decided('discarded lately', daysAgo(89)); // its letter is not there while the index is rebuilt
    await decided('discarded long ago', daysAgo(91));
    for (const days of [399, 401])
      await pool.query(
        `INSERT INTO admin.audit (entry_id, at, actor, actor_name, role, action, result, status)
         VALUES (gen_random_uuid(), $1, 'a', 'A', 'admin', $2, 'ok', 200)`,
        [daysAgo(days), `${days} days ago`],
      );

    expect(await retention.trim(NOW)).toEqual({
      dead_letters: 2,
      dead_letter_groups: 1,
      dead_letter_counts: 1,
      replay_items: 1,
      replay_chunks: 1,
      replays: 1,
      dead_letter_decisions: 2,
      audit: 1,
    });
    expect(await all('identity', 'dead_letters')).toEqual(['replayed now', 'young']);
    expect(await all('fingerprint', 'dead_letter_groups')).toEqual(['f', 'g']);
    expect(await all('fingerprint', 'dead_letter_counts')).toEqual(['f', 'g']);
    expect(await all('id', 'replays')).toEqual(['over', 'under way']);
    expect(await all('identity', 'dead_letter_decisions')).toEqual(['discarded lately', 'replayed now']);
    expect(await all('action', 'audit')).toEqual(['399 days ago']);
    expect(await retention.trim(NOW)).toEqual({});
  });

  it('is deleted by several instances at once, some thousands of rows at a time', async () => {
    await pool.query(
      `INSERT INTO admin.audit (entry_id, at, actor, actor_name, role, action, result, status)
       SELECT gen_random_uuid(), $1, 'a', 'A', 'admin', 'many', 'ok', 200 FROM generate_series(1, 12000)`,
      [daysAgo(500)],
    );
    // Another instance is about to delete some of them: nobody waits for it.
    const other = await pool.connect();
    await other.query(
      'BEGIN; DELETE FROM admin.audit WHERE id IN (SELECT id FROM admin.audit ORDER BY id DESC LIMIT 5000)',
    );
    const asked = jest.spyOn(database, 'query');
    expect(await retention.trim(NOW)).toEqual({ audit: 7_000 });
    expect(asked.mock.calls.filter(([text]) => text.includes('admin.audit'))).toHaveLength(2);
    await other.query('ROLLBACK');
    other.release();
    expect(await retention.trim(NOW)).toEqual({ audit: 5_000 });
  });

  it('is deleted from all other tables too where one takes too long, and that is said', async () => {
    const query = database.query.bind(database);
    jest.spyOn(database, 'query').mockImplementation((text, values) => {
      if (text.includes('DELETE FROM admin.dead_letters ')) throw new StoreUnavailableError('too long');
      return query(text, values);
    });
    await decided('forgotten', daysAgo(100));
    await expect(retention.trim(NOW)).rejects.toThrow('too long');
    expect(await all('identity', 'dead_letter_decisions')).not.toContain('forgotten');
  });
});
