import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineProcess, engines, eventually, TcpProxy } from '@weir/testing';
import { Client } from 'pg';

import { System } from '../support/system.js';
import { alterDatabase, asSuperuser, deadlock, ServerFault, takeAllConnections } from './support/database-faults.js';
import { LONG } from './support/extent.js';
import type { Load } from './support/load.js';
import { metricOf, metricsOf } from './support/metrics.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';

/** In the short form less time has to pass until it is too long. */
const TIMEOUTS = LONG ? {} : { DATABASE_STATEMENT_TIMEOUT: '4s', DATABASE_LOCK_TIMEOUT: '2s', RETRY_MAX_DELAY: '1s' };
/** So small that a batch may be a hundred times slower and still take less than a statement may. */
const BATCH = { BATCH_MAX_RECORDS: '200' };
const OVER_STATEMENT_TIMEOUT_S = LONG ? 30 : 6;

/** A batch takes three turns, of which each comes late there and its answer back. One less, to be sure of a hundred times. */
const LATE_PIECES = 5;

const postgres = new EngineProcess('postgres');
let proxy: TcpProxy;
let system: System;
let server: ServerFault;
let load: Load;
let membership: Membership;

beforeAll(async () => {
  proxy = await TcpProxy.before(engines().postgres.url);
  system = await System.start({
    environment: ({ DATABASE_URL = '' }, app) =>
      app === 'metrics-consumer' ? { ...TIMEOUTS, ...BATCH, DATABASE_URL: proxy.url(DATABASE_URL) } : {},
  });
  server = await ServerFault.in(system);
  membership = await eventually(whoIsMember, ({ partitions }) => partitions > 0, { timeoutMs: 60_000 });
});
afterAll(async () => {
  proxy.degrade({});
  await system.stop();
  await proxy.cut();
});

interface Membership {
  readonly members: readonly string[];
  readonly partitions: number;
  readonly rebalances: number;
}

/** Who is member, of how much, and after how many rebalances: none of it changes while the database is away. */
async function whoIsMember(): Promise<Membership> {
  const { members } = await system.group();
  return {
    members: members.map(({ memberId }) => memberId),
    partitions: members.reduce((sum, { assignment }) => sum + assignment.length, 0),
    rebalances: await metricOf(system.consumer, 'weir_consumer_rebalances_total'),
  };
}

beforeEach(async () => {
  load = loadOn(system);
  await accepted(load, 1_000);
});
afterEach(async () => {
  proxy.degrade({});
  postgres.thaw();
  await eventually(() => asSuperuser('SELECT 1'), Boolean, { timeoutMs: 60_000 });
  await expectSameMember();
});

const expectSameMember = async (): Promise<void> => expect(await whoIsMember()).toEqual(membership);

const statusOf = async (path: string): Promise<number> => (await fetch(`${system.consumer.url}${path}`)).status;

/** How often the consumer has logged this; that is how a fault is known to have reached it. */
const logged = (text: string): number => readFileSync(system.consumer.logFile, 'utf8').split(text).length - 1;

type Totals = readonly [sum: number, count: number];
/** Both of one moment: a batch that ends between two questions would be counted without its time. */
const batchTotals = async (): Promise<Totals> => {
  const metric = await metricsOf(system.consumer);
  const name = 'kafka_message_processing_duration_seconds';
  return [metric(`${name}_sum`), metric(`${name}_count`)];
};

/** The mean time that records' batches take, by the consumer's own measure; of so many records, from the batch after the next on. */
async function batchSeconds(records: number): Promise<number> {
  const after = ([, count]: Totals, more: number): Promise<Totals> =>
    eventually(batchTotals, ([, now]) => now >= count + more, { timeoutMs: 90_000 });
  const first = await after(await batchTotals(), 1);
  const last = await after(first, records);
  return (last[0] - first[0]) / (last[1] - first[1]);
}

/** The consumer says that it may not take work, and is alive; and what clients send is accepted meanwhile. */
async function expectWaits(): Promise<void> {
  await eventually(
    () => statusOf('/health/ready'),
    (status) => status === 503,
    { timeoutMs: 60_000 },
  );
  expect(await statusOf('/health/live')).toBe(200);
  await accepted(load, 1_000);
}

/** Waits until so many more batches were tried in vain for the reason that the server gives. */
const triedInVain = (reason: string, more: number): Promise<number> => {
  const before = logged(reason);
  return eventually(
    () => logged(reason) - before,
    (count) => count >= more,
    { timeoutMs: 90_000 },
  );
};

describe('under load, metrics-consumer waits as the member that it is, and dead-letters nothing where', () => {
  it('PostgreSQL is killed', async () => {
    for (let time = 0; time < (LONG ? 5 : 1); time += 1) {
      postgres.kill();
      await expectWaits();
      await eventually(() => asSuperuser('SELECT 1'), Boolean, { timeoutMs: 60_000 });
    }
    await expectPromiseKept(system, load);
  });

  it('PostgreSQL stands still', async () => {
    postgres.freeze();
    await expectWaits();
    postgres.thaw();
    await expectPromiseKept(system, load);
  });

  it('PostgreSQL refuses to write', async () => {
    await alterDatabase(system, 'SET default_transaction_read_only = on');
    await expectWaits();
    await triedInVain('in a read-only transaction', 1);
    await alterDatabase(system, 'RESET default_transaction_read_only');
    await expectPromiseKept(system, load);
  });

  it('PostgreSQL has no connection left (53300)', async () => {
    const giveBack = await takeAllConnections(system);
    try {
      await triedInVain('too many clients already', 2);
      await expectWaits();
    } finally {
      await giveBack();
    }
    await expectPromiseKept(system, load);
  });

  // As the server raises it where a file cannot be extended. A disk that is really full needs a file system of a few megabytes, and to
  // mount one needs root.
  it('PostgreSQL has no room left on its disk (53100)', async () => {
    const problem = 'No space left on device';
    await server.is(`RAISE 'could not extend file "base/1/1": ${problem}' USING ERRCODE = 'disk_full';`);
    await triedInVain(problem, 3);
    await expectWaits();
    await server.none();
    await expectPromiseKept(system, load);
  });

  it('another session locks what is written, longer than a lock is waited for', async () => {
    const blocker = new Client({ connectionString: system.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE metrics.ledger, metrics.series, metrics.samples IN ACCESS EXCLUSIVE MODE');
    await triedInVain('lock timeout', 1);
    await expectWaits();
    await blocker.query('ROLLBACK');
    await blocker.end();
    await expectPromiseKept(system, load);
  });

  it('another session locks in another order: deadlocks (40P01)', async () => {
    const problem = 'deadlock detected';
    const before = logged(problem);
    await deadlock(system, () => logged(problem) - before >= (LONG ? 10 : 2));
    await expectPromiseKept(system, load);
  });

  it('PostgreSQL takes longer for a statement than one may take', async () => {
    await server.is(`PERFORM pg_sleep(${OVER_STATEMENT_TIMEOUT_S});`);
    await triedInVain('statement timeout', 1);
    await expectWaits();
    await server.none();
    await expectPromiseKept(system, load);
  });

  // By a proxy that hands on each piece of data late: so every statement is slow, and those that begin, lock and commit too.
  it('PostgreSQL is a hundred times slower than usual, and no batch is tried twice for that', async () => {
    await expectPromiseKept(system, load);
    // So little that the machine has time: how long a batch waits for a processor is not what is made slower.
    const little = loadOn(system, { clients: 1, batchSize: 50, pauseMs: 100 });
    const usual = await batchSeconds(500);
    const tries = await metricOf(system.consumer, 'weir_consumer_batch_retries_total');
    proxy.degrade({ latencyMs: Math.ceil(usual * 1_000 * (100 / LATE_PIECES)) });
    expect(await batchSeconds(1)).toBeGreaterThan(usual * 100);
    expect(await statusOf('/health/live')).toBe(200);
    expect(await metricOf(system.consumer, 'weir_consumer_batch_retries_total')).toBe(tries);
    proxy.degrade({});
    await expectPromiseKept(system, little);
  });
});
