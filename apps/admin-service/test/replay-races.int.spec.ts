import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordOutcome } from '@weir/avro';
import type { ConsumedRecord } from '@weir/kafka';
import { eventually } from '@weir/testing';
import type { Pool } from 'pg';

import type { Call } from '../src/access/call.js';
import type { AuditTrail } from '../src/audit/audit-trail.js';
import { Database, type Transaction } from '../src/database/database.js';
import { DeadLetterIndex } from '../src/dead-letters/dead-letter-index.js';
import { ReplayEvents } from '../src/replays/replay-events.js';
import { Replays } from '../src/replays/replays.js';
import { type AdminSchema, adminSchema, SILENT } from './support/admin-schema.js';

const MAX_ATTEMPTS = 5;
const IDENTITY = '8d6e9f2a-1b3c-4d5e-8f70-123456789abc/0/7/g';
const CALL = { actor: { id: 'somebody' } } as unknown as Call;
const OPTIONS = { rate: 10, chunkRecords: 10, canary: null, maxLag: null };

let schema: AdminSchema;
let pool: Pool;
let database: Database;
beforeAll(async () => {
  schema = await adminSchema('races');
  pool = schema.pool;
  database = new Database(pool);
});
afterAll(() => schema.drop());
beforeEach(() =>
  pool.query(
    `TRUNCATE admin.dead_letters, admin.dead_letter_groups, admin.dead_letter_counts, admin.dead_letter_decisions, admin.dead_letter_recoveries,
       admin.replays, admin.replay_items, admin.replay_chunks, admin.replay_plans`,
  ),
);

const index = new DeadLetterIndex(MAX_ATTEMPTS);
const told: { replay: string; outcome: RecordOutcome } = {
  replay: '',
  outcome: {
    identity: IDENTITY,
    replay_count: 1,
    topic: 'metrics.raw',
    partition: 0,
    offset: 8,
    outcome: 'failed_again',
    reason: 'database',
    fingerprint: 'f',
  },
};
const events = new ReplayEvents(
  {
    prepare: () => Promise.resolve(),
    decode: () => ({
      replay_id: told.replay,
      occurred_at: 0,
      written_by: 'metrics-consumer',
      answer: null,
      outcomes: [told.outcome],
    }),
  },
  SILENT,
  MAX_ATTEMPTS,
);
const replaysOn = (on: Database): Replays =>
  new Replays(
    on,
    { changed: () => Promise.resolve() } as unknown as AuditTrail,
    { watermarks: () => Promise.resolve([{ topic: 'metrics.dlq', partition: 0, low: 0, high: 10 }]) },
    { maxAttempts: MAX_ATTEMPTS, dlq: 'metrics.dlq' },
  );

/** The record's letter, after so many replays. */
function letter(replayCount: number): ConsumedRecord {
  const count = Buffer.from(String(replayCount)).toString('hex');
  const envelope = {
    dlq_metadata: { routed_at_utc: '2026-11-22T10:00:00.000Z', reason: 'database', error: 'no', fingerprint: 'f' },
    source: {
      topic: 'metrics.raw',
      partition: 0,
      offset: 7 + replayCount,
      timestamp_ms: 0,
      key: null,
      raw_value_hex: '00',
      headers: replayCount === 0 ? [] : [{ key: 'weir-replay-count', value_hex: count }],
    },
  };
  return {
    topic: 'metrics.dlq',
    partition: 0,
    offset: replayCount,
    timestampMs: 0,
    key: null,
    value: Buffer.from(JSON.stringify(envelope)),
    headers: [{ key: 'weir-origin', value: Buffer.from(IDENTITY) }],
  };
}

const indexed = (transaction: Transaction, replayCount: number): Promise<void> =>
  index.apply(transaction, [letter(replayCount)]);
const heard = (transaction: Transaction): Promise<void> => events.apply(transaction, [letter(0)]);

/** Where `happens` does so after a replay's records were found, and before their counts are assigned. */
function withBeforeCounts(happens: () => Promise<void>): Database {
  let isFirst = true;
  return {
    transaction: <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
      database.transaction((transaction) =>
        work({
          client: transaction.client,
          query: async <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> => {
            if (isFirst && text.includes('INSERT INTO admin.dead_letter_decisions')) {
              isFirst = false;
              await happens();
            }
            return transaction.query<Row>(text, values);
          },
        }),
      ),
  } as unknown as Database;
}

/** Begins a replay of all that there is, and has it published. */
async function published(): Promise<string> {
  const replays = replaysOn(database);
  const id = await replays.begin(CALL, (await replays.plan({ filter: {} })).hash, OPTIONS);
  await pool.query("UPDATE admin.replay_items SET chunk = 0, place = 0, answer = 'published' WHERE replay_id = $1", [
    id,
  ]);
  return id;
}

/** Does both at once: the second has to wait for the end of the first. */
async function oneBesideTheOther(
  first: (transaction: Transaction) => Promise<void>,
  second: () => Promise<unknown>,
): Promise<void> {
  let other: Promise<unknown> = Promise.resolve();
  await database.transaction(async (transaction) => {
    await first(transaction);
    other = second();
    await eventually(
      async () =>
        (
          await pool.query(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
          )
        ).rowCount,
      (waiting) => waiting === 1,
    );
  });
  await other;
}

const states = async (): Promise<string[]> =>
  (await pool.query<{ state: string }>('SELECT state FROM admin.dead_letters ORDER BY replay_count')).rows.map(
    ({ state }) => state,
  );

describe('the state of a record whose replay failed again', () => {
  beforeEach(async () => {
    await database.transaction((transaction) => indexed(transaction, 0));
    told.replay = await published();
    told.outcome = { ...told.outcome, replay_count: 1, outcome: 'failed_again' };
  });

  it('is right where the new letter is read just before its outcome', async () => {
    await oneBesideTheOther(
      (transaction) => indexed(transaction, 1),
      () => database.transaction(heard),
    );
    expect(await states()).toEqual(['superseded', 'failed_again']);
  });

  it('is right where the outcome is heard just before its letter is read', async () => {
    await oneBesideTheOther(heard, () => database.transaction((transaction) => indexed(transaction, 1)));
    expect(await states()).toEqual(['superseded', 'failed_again']);
  });
});

describe('a record of which two replays tell', () => {
  it('is recovered where an earlier one stored it after all, while the later one is cancelled', async () => {
    await database.transaction((transaction) => indexed(transaction, 0));
    told.replay = await published();
    await pool.query("UPDATE admin.replay_items SET held = false, outcome = 'unknown'");
    await pool.query("UPDATE admin.replays SET state = 'completed'");
    await pool.query("UPDATE admin.dead_letters SET state = 'failed_again'");
    const replays = replaysOn(database);
    const later = await replays.begin(CALL, (await replays.plan({ filter: {} })).hash, OPTIONS);
    told.outcome = { ...told.outcome, replay_count: 1, outcome: 'applied' };
    await oneBesideTheOther(heard, () => replays.cancel(CALL, later));
    expect(await states()).toEqual(['recovered']);
  });

  it('has each count once: what another replay has had from beginning to end meanwhile is not as planned', async () => {
    await database.transaction((transaction) => indexed(transaction, 0));
    const { hash } = await replaysOn(database).plan({ filter: {} });
    const slow = withBeforeCounts(async () => {
      told.replay = await published();
      told.outcome = { ...told.outcome, replay_count: 1, outcome: 'failed_again' };
      await database.transaction(heard);
    });
    await expect(replaysOn(slow).begin(CALL, hash, OPTIONS)).rejects.toMatchObject({ code: 'plan_changed' });
    const { rows } = await pool.query('SELECT replay_count FROM admin.replay_items');
    expect(rows).toEqual([{ replay_count: 1 }]);
  });

  it('is not replayed where it was decided about since it was planned', async () => {
    await database.transaction((transaction) => indexed(transaction, 0));
    const { hash } = await replaysOn(database).plan({ filter: {} });
    for (const decision of ["closed = 'applied', closed_at = now()", 'closed = NULL, discarded_at = now()']) {
      const slow = withBeforeCounts(async () => {
        await pool.query('INSERT INTO admin.dead_letter_decisions (identity) VALUES ($1) ON CONFLICT DO NOTHING', [
          IDENTITY,
        ]);
        await pool.query(`UPDATE admin.dead_letter_decisions SET ${decision}`);
      });
      await expect(replaysOn(slow).begin(CALL, hash, OPTIONS)).rejects.toMatchObject({
        code: 'plan_changed',
        problem: { added: [], removed: ['0-0'], removedCount: 1 },
      });
    }
    expect((await pool.query('SELECT FROM admin.replays')).rowCount).toBe(0);
  });
});
