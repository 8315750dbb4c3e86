import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { LedgerEntry } from '@weir/metrics-store';
import { eventually } from '@weir/testing';

import { ConsumerApp } from './support/consumer-app.js';
import { event, events } from './support/events.js';

const KEY = 'operators-only';

let consumer: ConsumerApp | null = null;
afterEach(async () => {
  jest.restoreAllMocks();
  await consumer?.close();
  consumer = null;
});

async function created(env: Readonly<Record<string, string>> = {}): Promise<ConsumerApp> {
  consumer = await ConsumerApp.create(() => ({ OPERATOR_KEY: KEY, BREAKER_SHARE_MIN_RECORDS: '20', ...env }), 1);
  return consumer;
}

async function running(env?: Readonly<Record<string, string>>): Promise<ConsumerApp> {
  const app = await created(env);
  await app.start();
  return app;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function skip(app: ConsumerApp, body: object, url?: string): Promise<Answer> {
  const request = { topic: app.topics.raw, partition: 0, reason: 'they are of no use', ...body };
  const answer = await app.post('/ledger/skip', request, { 'x-operator-key': KEY }, url);
  return { status: answer.status, body: JSON.parse(answer.body) as Answer['body'] };
}

const lineOf = async (app: ConsumerApp): Promise<LedgerEntry | undefined> => (await app.ledger()).partitions[0];

/** Before 40 records of two tenants that can never be stored: a fault of ours, as it seems, so that the consumer stops at the first. */
async function stuck(): Promise<ConsumerApp> {
  const app = await created({ BREAKER_PROBE_INTERVAL: '300ms' });
  // There before it starts, and so one batch.
  await app.topics.sendEvents(
    ['acme', 'globex'].flatMap((tenant_id) =>
      Array.from({ length: 20 }, () => event({ tenant_id, name: 'no spaces' })),
    ),
  );
  await app.start();
  await eventually(
    () => app.get('/breaker'),
    ({ body }) => body.includes('dead_letter_share'),
  );
  return app;
}

describe('POST /ledger/skip', () => {
  it('tells what it would pass over and changes nothing, until it is confirmed', async () => {
    const app = await stuck();
    const began = Date.now() - 60_000;
    const before = await app.ledger();

    const plan = await skip(app, { to: 40 });
    expect(plan).toMatchObject({
      status: 200,
      body: { topic: app.topics.raw, partition: 0, from: 0, to: 40, offsets: 40, done: false },
    });
    const times = [plan.body['first_append_time'], plan.body['last_append_time']].map((time) =>
      Date.parse(String(time)),
    );
    expect(times.every((time) => time > began && time <= Date.now())).toBe(true);
    expect(await app.ledger()).toEqual(before);
  });

  it('takes a consumer that is stuck past the records, which are counted as skipped and leave no lag', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error');
    const app = await stuck();
    await app.topics.sendEvents(events(5));

    expect(await skip(app, { to: 40, expect_next: 0, confirm: true })).toMatchObject({
      status: 200,
      body: { from: 0, to: 40, offsets: 40, done: true },
    });
    await app.untilCaughtUp();
    expect(await app.ledger()).toMatchObject({
      balanced: true,
      partitions: [{ first: 0, next: 45, stored: 5, skipped: 40, dead_lettered: 0, gap: 0, expired: 0 }],
    });
    expect(await app.committed()).toBe(45);
    expect(await app.samples()).toHaveLength(5);
    expect(app.topics.deadLetterCount).toBe(0);
    expect((await app.get('/metrics')).body).toMatch(/weir_ledger_offsets_total\{[^}]*outcome="skipped"\} 40/u);
    expect(errors.mock.calls.flat()).toContainEqual(
      expect.stringMatching(/operator \(.*127\.0\.0\.1.*\) skips 40 offsets of .*\[0\], 0 to 40: they are of no use/u),
    );

    await app.restart(); // the group's offset followed: nothing is read again, and nothing is lost
    await app.topics.sendEvents(events(1, { name: 'after' }));
    await app.untilCaughtUp();
    expect(await lineOf(app)).toMatchObject({ next: 46, stored: 6, skipped: 40 });
  });

  it('takes a consumer that is idle past a transaction that never ends', async () => {
    const app = await running();
    await app.topics.sendEvents(events(10, { name: 'before' }));
    await app.untilSettled(10);
    const commit = await app.topics.sendInOpenTransaction(events(7, { name: 'held' }), 0);
    await app.topics.sendEvents(events(3, { name: 'behind' }));

    expect(await skip(app, { to: 17, confirm: true })).toMatchObject({ status: 200, body: { from: 10, offsets: 7 } });
    await eventually(
      () => app.committed(),
      (offset) => offset === 17,
    );
    await commit();
    await app.topics.sendEvents(events(1, { name: 'after' }));
    await app.untilCaughtUp();
    expect(await app.ledger()).toMatchObject({
      balanced: true,
      partitions: [{ next: 22, stored: 14, skipped: 7, gap: 1, expired: 0 }],
    });
    expect(new Set((await app.samples()).map(({ name }) => name))).toEqual(new Set(['before', 'behind', 'after']));
  });

  it('reaches the instance that reads the partition, whichever is asked', async () => {
    const app = await stuck();
    const peer = await app.startPeer(); // there is one partition, and it is taken
    await app.topics.sendEvents(events(5));
    expect(await skip(app, { to: 40, confirm: true }, peer)).toMatchObject({ status: 200 });
    await app.untilCaughtUp();
    expect(await lineOf(app)).toMatchObject({ next: 45, stored: 5, skipped: 40, dead_lettered: 0 });
  });

  it('counts each offset once while the consumer settles the same ones', async () => {
    const app = await created({ BATCH_MAX_RECORDS: '40' });
    const total = 40_000;
    const series = { name: 'busy', labels: { of: 'this test' } };
    // All there before it starts, so that none of it is settled while the rest is sent.
    await app.topics.sendEvents(events(total, series));
    await app.start();
    await eventually(
      () => lineOf(app),
      (line) => line !== undefined,
      { intervalMs: 5 },
    );
    let [done, refused] = [0, 0];
    for (let next = 0; next < total - 4_000; next = (await lineOf(app))?.next ?? 0) {
      const { status } = await skip(app, { to: next + 3_000, confirm: true });
      if (status === 200) done += 1;
      else refused += 1;
    }
    await app.untilCaughtUp();
    const { balanced, partitions } = await app.ledger();
    const { stored = 0, skipped = 0 } = partitions[0] ?? {};
    expect({ balanced, next: partitions[0]?.next, sum: stored + skipped }).toEqual({
      balanced: true,
      next: total,
      sum: total,
    });
    expect(await app.samples()).toHaveLength(stored);
    expect(Math.min(done, skipped)).toBeGreaterThan(0);
    expect(done + refused).toBeGreaterThan(5);
  });

  it('waits for the transaction that the consumer is at, and counts nothing of what that settled', async () => {
    const app = await running();
    await app.topics.sendEvents(events(10));
    await app.untilSettled(10);
    const untilWaiting = (sessions: number): Promise<unknown> =>
      eventually(
        () =>
          app.sql(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'weir metrics-consumer'
             AND wait_event_type = 'Lock'`,
          ),
        (waiting) => waiting.length === sessions,
      );
    const answers: Promise<Answer>[] = [];
    await app.whileHolding('LOCK TABLE metrics.samples IN SHARE MODE', async () => {
      await app.topics.sendEvents(events(1)); // so that it is one batch
      await untilWaiting(1); // the batch, which holds the line, for the table
      answers.push(skip(app, { to: 11, confirm: true }));
      await untilWaiting(2); // the operator, for the line
    });
    expect(await answers[0]).toMatchObject({ status: 409, body: { code: 'skip_not_forward', next: 11 } });
    expect(await app.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 11, stored: 11, skipped: 0 }] });
  });

  it('refuses whoever has no key, what is unclear, what is unknown, what is settled, and what is not there yet', async () => {
    const app = await running();
    await app.topics.sendEvents(events(10));
    await app.untilCaughtUp();
    const ledger = await app.ledger();
    const codeOf = async (body: object): Promise<unknown> =>
      (await skip(app, { to: 10, confirm: true, ...body })).body['code'];

    for (const headers of [{}, { 'x-operator-key': 'guessed' }])
      expect((await app.post('/ledger/skip', { to: 10 }, headers)).status).toBe(401);
    expect(await codeOf({ reason: ' ' })).toBe('reason_missing');
    for (const unclear of [
      { to: '10' },
      { to: -1 },
      { to: 1.5 },
      { partition: null },
      { confirm: 'yes' },
      { expect_nxt: 10 },
    ])
      expect(await codeOf(unclear)).toBe('invalid');
    for (const unknown of [{ topic: 'another' }, { partition: 1 }])
      expect(await codeOf(unknown)).toBe('partition_unknown');
    for (const settled of [{ to: 10 }, { to: 3 }]) expect(await codeOf(settled)).toBe('skip_not_forward');
    expect(await codeOf({ to: 11 })).toBe('skip_beyond_end');
    const commit = await app.topics.sendInOpenTransaction(events(1), 0); // it can't be read, so the line stays
    expect(await codeOf({ to: 11, expect_next: 9 })).toBe('ledger_moved');
    expect(await app.ledger()).toEqual(ledger);
    await commit();
  });

  it('is nobody’s where no key was set', async () => {
    consumer = await ConsumerApp.create(() => ({}), 1);
    await consumer.start();
    expect(await skip(consumer, { to: 1 })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
