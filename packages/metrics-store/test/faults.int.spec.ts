import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import { StoreUnavailableError } from '@weir/errors';
import { eventually } from '@weir/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { LedgerAccountingError, LedgerBehindError, MetricsStore, type SettlementUnit } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

const unavailable = expect.objectContaining({ code: 'store_unavailable', retryable: true });

const writeAll =
  ({ range, positioned }: ReturnType<typeof batch>) =>
  async (unit: SettlementUnit): Promise<void> => {
    await unit.write(positioned);
    unit.account(range.topic, range.partition, { stored: positioned.length, deadLettered: 0, gap: 0 });
  };

describe('MetricsStore, when something breaks', () => {
  let db: TestStore;
  let store: MetricsStore;
  beforeEach(async () => {
    db = await testStore();
    store = db.open({ applicationName: 'under-test' });
  });
  afterEach(() => db.close());

  const two = (from = 0): ReturnType<typeof batch> =>
    batch(db.topicId, [sample({ timestampMs: NOON + from }), sample({ timestampMs: NOON + from + 1 })], { from });
  const killSessions = (): Promise<unknown> =>
    db.admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'under-test'`);

  it('counts nothing twice where two members settle the same offsets at once: the second waits, and finds them settled', async () => {
    await settle(store, two()); // the line is there: to make one would be a lock too
    const rival = db.open();
    const work = two(2);
    const order: string[] = [];
    const first = store.transaction([work.range], async (unit) => {
      order.push('first holds');
      await eventually(
        async () =>
          (
            await db.admin.query(
              `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
            )
          ).rowCount,
      );
      await writeAll(work)(unit);
      order.push('first writes');
    });
    await eventually(() => order.length > 0);
    const second = rival.transaction([work.range], async (unit) => {
      order.push('second holds');
      expect(unit.nextOf('metrics.raw', 0)).toBe(4);
      await Promise.resolve();
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['first holds', 'first writes', 'second holds']);
    expect(await store.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 4, stored: 4 }] });
  });

  it('settles overlapping batches of many members without a deadlock, each offset once', async () => {
    const members = Array.from({ length: 4 }, () => db.open());
    const batches = Array.from({ length: 20 }, (_, round) => {
      const from = round * 3;
      return [0, 1, 2].map((partition) =>
        batch(
          db.topicId,
          Array.from({ length: 6 }, (_none, i) =>
            sample({ labels: { host: `${(from + i) % 5}` }, timestampMs: NOON + from + i }),
          ),
          { from, partition },
        ),
      );
    });
    await Promise.all(
      members.map(async (member, m) => {
        for (const round of batches) {
          const ranges = m % 2 === 0 ? round : round.toReversed();
          await member.transaction(
            ranges.map(({ range }) => range),
            async (unit) => {
              const open = ranges.flatMap(({ positioned }) =>
                positioned.filter(({ partition, offset }) => offset >= unit.nextOf('metrics.raw', partition)),
              );
              expect(await unit.write(open)).toEqual([]);
              for (const partition of [0, 1, 2])
                if (open.some((one) => one.partition === partition))
                  unit.account('metrics.raw', partition, {
                    stored: open.filter((one) => one.partition === partition).length,
                    deadLettered: 0,
                    gap: 0,
                  });
            },
          );
        }
      }),
    );
    const line = { first: 0, next: 63, stored: 63 };
    expect(await store.ledger()).toMatchObject({ balanced: true, partitions: [line, line, line] });
  });

  it('survives a session that is ended in the middle of a transaction: nothing is half stored, and the batch can be done again', async () => {
    const work = two();
    const broken = store.transaction([work.range], async (unit) => {
      await killSessions();
      await wait(50); // for the end to arrive while no statement is under way
      await writeAll(work)(unit);
    });
    await expect(broken).rejects.toEqual(unavailable);
    expect(await db.count()).toBe(0);
    await store.transaction([work.range], writeAll(work));
    expect(await store.ledger()).toMatchObject({ balanced: true, partitions: [{ stored: 2 }] });
  });

  it('does not commit what a session lost, though the work swallowed the error', async () => {
    const work = two();
    const broken = store.transaction([work.range], async (unit) => {
      await killSessions();
      await unit.write(work.positioned).catch(() => undefined);
      unit.account('metrics.raw', 0, { stored: 2, deadLettered: 0, gap: 0 });
    });
    await expect(broken).rejects.toEqual(unavailable);
    expect(await store.ledger()).toEqual({ balanced: true, partitions: [] });
  });

  it('takes nothing for committed where COMMIT fails or is not answered: the batch can be done again, and counts once', async () => {
    await db.admin.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE 'no room' USING ERRCODE = '53100'; END $$`);
    await db.admin.query(`CREATE CONSTRAINT TRIGGER fail AFTER UPDATE ON metrics.ledger
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`);
    const work = two();
    await Promise.all([1, 2, 3].map(() => store.ping())); // three connections: a new one would make it forget what it takes for known
    const attempt = (): Promise<void> => store.transaction([work.range], writeAll(work));
    await expect(attempt()).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    await db.admin.query(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
    await expect(attempt()).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    expect(await db.count()).toBe(0);

    await db.admin.query('DROP TRIGGER fail ON metrics.ledger');
    await attempt();
    expect(await store.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 2, stored: 2 }] });
    expect((await db.admin.query('SELECT FROM metrics.samples JOIN metrics.series ON id = series_id')).rowCount).toBe(
      2,
    );
  });

  it('survives connections that die while nobody uses them', async () => {
    await settle(store, two());
    await killSessions();
    await eventually(() => settle(store, two(2)).then(() => true));
    expect(await db.count()).toBe(4);
  });

  it('takes a series for known only after COMMIT: one that was rolled back is written again', async () => {
    const work = two();
    const undone = store.transaction([work.range], async (unit) => {
      await unit.write(work.positioned);
      throw new Error('the dead letters could not be published');
    });
    await expect(undone).rejects.toThrow('could not be published');
    await store.transaction([work.range], writeAll(work));
    const { rows } = await db.admin.query(
      'SELECT count(*)::int AS n FROM metrics.samples JOIN metrics.series ON id = series_id',
    );
    expect(rows).toEqual([{ n: 2 }]);
  });

  it('writes a series again after the database may have lost it', async () => {
    await settle(store, two());
    await db.admin.query('TRUNCATE metrics.series, metrics.samples, metrics.ledger'); // what a failover can do
    await killSessions();
    await eventually(() => settle(store, two()).then(() => true));
    const { rows } = await db.admin.query('SELECT count(*)::int AS n FROM metrics.series');
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('gives the lines back when the work fails', async () => {
    const work = two();
    await expect(store.transaction([work.range], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const rival = db.open({ lockTimeoutMs: 200 });
    await rival.transaction([work.range], writeAll(work));
    expect(await db.count()).toBe(2);
  });

  it('waits for a database that became read-only, and refuses no row', async () => {
    const name = new URL(db.url).pathname.slice(1);
    await db.admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    await expect(settle(store, two())).rejects.toMatchObject({
      code: 'store_unavailable',
      context: { sqlState: '25006' },
    });
    await db.admin.query(`ALTER DATABASE "${name}" RESET default_transaction_read_only`);
    await settle(store, two());
    expect(await db.count()).toBe(2);
  });

  it('waits where a statement takes too long', async () => {
    const slow = db.open({ statementTimeoutMs: 1_000 });
    const work = two();
    await db.admin.query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$`);
    await db.admin.query('CREATE TRIGGER slow BEFORE INSERT ON metrics.series EXECUTE FUNCTION slow()');
    await expect(settle(slow, work)).rejects.toMatchObject({
      code: 'store_unavailable',
      context: { sqlState: '57014' },
    });
    await db.admin.query('DROP TRIGGER slow ON metrics.series');
    await eventually(() => settle(slow, work).then(() => true));
    expect(await db.count()).toBe(2);
  });

  it('waits no longer than the lock time-out for a line that a frozen member holds, and gets it once that member is ended', async () => {
    const frozen = db.open({ idleInTransactionTimeoutMs: 4_000 });
    const patient = db.open({ lockTimeoutMs: 150 });
    const work = two();
    const thaw = new AbortController();
    const holds = new AbortController();
    const held = frozen.transaction([work.range], async (unit) => {
      holds.abort();
      await once(thaw.signal, 'abort');
      await writeAll(work)(unit);
    });
    await once(holds.signal, 'abort');
    await expect(settle(patient, work)).rejects.toMatchObject({ context: { sqlState: '55P03' } });
    await eventually(() => settle(patient, work).then(() => true));
    thaw.abort();
    await expect(held).rejects.toEqual(unavailable);
    expect(await store.ledger()).toMatchObject({ balanced: true, partitions: [{ stored: 2 }] });
  });

  it('waits for a database that is not there', async () => {
    const nowhere = new MetricsStore({ url: 'postgres://weir:weir@127.0.0.1:1/none', connectTimeoutMs: 500 });
    const work = two();
    await expect(nowhere.transaction([work.range], writeAll(work))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(nowhere.ledger()).rejects.toEqual(unavailable);
    await expect(nowhere.startOffsets([])).rejects.toEqual(unavailable);
    await expect(nowhere.ping()).rejects.toEqual(unavailable);
    await nowhere.close();
  });

  describe('the books', () => {
    const counts = { stored: 0, deadLettered: 0, gap: 0 };
    const wrong: [string, (unit: SettlementUnit, work: ReturnType<typeof batch>) => unknown][] = [
      ['nothing is accounted for', () => undefined],
      ['an offset is missing', (unit) => unit.account('metrics.raw', 0, { ...counts, gap: 1 })],
      ['an offset is counted twice', (unit) => unit.account('metrics.raw', 0, { ...counts, gap: 2, deadLettered: 1 })],
      [
        'a partition is accounted for twice',
        (unit) => [1, 2].map(() => unit.account('metrics.raw', 0, { ...counts, gap: 2 })),
      ],
      ['a count is negative', (unit) => unit.account('metrics.raw', 0, { ...counts, gap: 3, deadLettered: -1 })],
      ['a partition is not part of it', (unit) => unit.account('metrics.raw', 1, counts)],
      [
        'more is counted as stored than was written',
        (unit) => unit.account('metrics.raw', 0, { ...counts, stored: 2 }),
      ],
      [
        'what was written is counted as a dead letter',
        async (unit, work) => {
          await unit.write(work.positioned);
          unit.account('metrics.raw', 0, { ...counts, stored: 1, deadLettered: 1 });
        },
      ],
      [
        'a sample is not of the range',
        (unit, work) => unit.write(work.positioned.map((one) => ({ ...one, offset: one.offset + 1 }))),
      ],
    ];
    it.each(wrong)('refuse to commit where %s', async (_, act) => {
      const work = two();
      const attempt = store.transaction([work.range], async (unit) => {
        await act(unit, work);
      });
      await expect(attempt).rejects.toBeInstanceOf(LedgerAccountingError);
      expect(await db.count()).toBe(0);
      expect(await store.ledger()).toEqual({ balanced: true, partitions: [] });
    });

    it('refuse to commit past a hole, and tell where to read again', async () => {
      await settle(store, two());
      const later = two(10);
      const attempt = store.transaction([later.range], writeAll(later));
      await expect(attempt).rejects.toBeInstanceOf(LedgerBehindError);
      await expect(attempt).rejects.toMatchObject({ next: 2, retryable: true });
    });

    it('take a hole that was accounted for', async () => {
      await settle(store, two());
      const later = two(10);
      await store.transaction([later.range], async (unit) => {
        await unit.write(later.positioned);
        unit.account('metrics.raw', 0, { stored: 2, deadLettered: 0, gap: 5, expired: 3 });
      });
      expect(await store.ledger()).toMatchObject({
        balanced: true,
        partitions: [{ first: 0, next: 12, stored: 4, gap: 5, expired: 3 }],
      });
    });

    it('take what an operator skips, as long as it adds up', async () => {
      await settle(store, two());
      const range = { ...two().range, from: 0, to: 10 };
      const skip = (skipped: number) =>
        store.transaction([range], (unit) => Promise.resolve(unit.account('metrics.raw', 0, { ...counts, skipped })));
      await expect(skip(7)).rejects.toBeInstanceOf(LedgerAccountingError);
      await skip(8);
      expect(await store.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 10, stored: 2, skipped: 8 }] });
    });

    it('begin a new line for a topic that was created again', async () => {
      await settle(store, two());
      await settle(store, batch('0190a5a0-0000-7000-8000-000000000000', [sample()], { from: 0 }));
      expect((await store.ledger()).partitions).toHaveLength(2);
    });

    it('say so where they do not balance', async () => {
      await settle(store, two());
      await db.admin.query('UPDATE metrics.ledger SET stored = stored + 1');
      expect(await store.ledger()).toMatchObject({ balanced: false });
    });
  });
});
