import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { engines, eventually, TcpProxy } from '@weir/testing';
import { dlqReplayEvents, metricsDlq } from '@weir/topics';

import { ConsumerApp } from './support/consumer-app.js';
import { event, events } from './support/events.js';
import { identityOf, OutcomeReader, replayHeaders } from './support/replayed.js';

const waiting = async (app: ConsumerApp): Promise<number> => {
  const [row] = await app.sql('SELECT count(*)::int AS n FROM metrics.outbox');
  return Number(row?.['n']);
};

const replayed = (app: ConsumerApp, from: number, count: number) =>
  app.topics.encode(events(count, { name: `from_${from}` })).map((value, i) => ({
    value,
    partition: i % 2,
    headers: replayHeaders(app.group, from + i),
  }));

describe('metrics-consumer, given replayed records', () => {
  let consumer: ConsumerApp;
  let reader: OutcomeReader;
  beforeAll(async () => {
    consumer = await ConsumerApp.create(() => ({}), 1);
    await consumer.start();
    reader = new OutcomeReader(consumer);
  });
  afterAll(async () => {
    await reader.close();
    await consumer.close();
  });
  const bytes = (changes: Parameters<typeof event>[0]) => consumer.topics.encode([event(changes)])[0] ?? null;
  const outcomeOf = async (n: number) =>
    (
      await eventually(
        () => reader.outcomes(),
        (all) => all.some(({ identity }) => identity === identityOf(consumer.group, n)),
        { intervalMs: 100 },
      )
    ).filter(({ identity }) => identity === identityOf(consumer.group, n));

  it('says that one was applied where its value is stored now, and that it was repeated where the same or a newer one was there', async () => {
    const { topics, group } = consumer;
    const at = Date.now() - 60_000;
    const value = (n: number) => bytes({ name: 'replayed', timestamp: at, value: n });
    const send = (n: number, origin: number | null) =>
      topics.send([
        { value: value(n), partition: 0, headers: origin === null ? [] : replayHeaders(group, n, { at: origin }) },
      ]);
    await send(1, at);
    expect(await outcomeOf(1)).toEqual([
      {
        replayId: 'r1',
        identity: identityOf(group, 1),
        replay_count: 1,
        outcome: 'applied',
        topic: topics.raw,
        partition: 0,
        offset: 0,
        reason: null,
        fingerprint: null,
      },
    ]);
    await send(2, at); //        the same version: what is there stays
    expect(await outcomeOf(2)).toMatchObject([{ outcome: 'repeated', offset: 1 }]);
    await send(3, at + 1_000); // newer than what is there
    expect(await outcomeOf(3)).toMatchObject([{ outcome: 'applied' }]);
    await send(4, null); //      a correction, live
    await send(5, at + 2_000);
    expect(await outcomeOf(5)).toMatchObject([{ outcome: 'repeated' }]);
    expect((await consumer.samples()).map(({ value: stored }) => stored)).toEqual([4]);
  });

  it('tells each record of a batch apart: new ones, and those whose value a newer one of the batch replaced', async () => {
    const { topics, group } = consumer;
    const at = Date.now() - 120_000;
    const send = [
      { n: 100, name: 'first', origin: at },
      { n: 101, name: 'twice', origin: at },
      { n: 102, name: 'twice', origin: at + 1 },
      { n: 103, name: 'replayed_twice', origin: at + 1 },
      { n: 104, name: 'replayed_twice', origin: at },
    ].map(({ n, name, origin }) => ({
      value: bytes({ name, timestamp: at, value: n }),
      partition: 0,
      headers: replayHeaders(group, n, { replayId: 'r2', at: origin }),
    }));
    await topics.send(send);
    await outcomeOf(104);
    const told = await reader.byIdentity();
    expect([100, 102, 103, 104].map((n) => told.get(identityOf(group, n)))).toEqual([
      'applied',
      'applied',
      'applied',
      'repeated',
    ]);
    // Fetched alone it was applied and then replaced; with its successor it never came to be stored.
    expect(['applied', 'repeated']).toContain(told.get(identityOf(group, 101)));
  });

  it('says that one failed again once its dead letter is acknowledged, under its identity, and why', async () => {
    const { topics, group } = consumer;
    const headers = replayHeaders(group, 200, { replayId: 'r3', count: 2 });
    await topics.send([{ value: bytes({ name: 'no spaces' }), partition: 0, headers }]);
    const [told] = await outcomeOf(200);
    const [end] = await topics.admin.watermarks([topics.topics.name(metricsDlq)]);
    expect(end?.high).toBeGreaterThan(0);
    const [letter] = await topics.deadLetters(1);
    expect(told).toMatchObject({
      replayId: 'r3',
      replay_count: 2,
      outcome: 'failed_again',
      reason: 'name',
      fingerprint: letter?.envelope.dlq_metadata.fingerprint,
    });
    expect(String(letter?.record.headers.find(({ key }) => key === 'weir-origin')?.value)).toBe(told?.identity);
  });

  it('says so too of one that the database refuses, and tells its neighbours apart from it', async () => {
    const { topics, group } = consumer;
    await consumer.sql('ALTER TABLE metrics.samples ADD CONSTRAINT samples_no_666 CHECK (value <> 666)');
    const values = [300, 666, 302];
    await topics.send(
      values.map((value, i) => ({
        value: bytes({ name: 'refused', labels: { at: String(i) }, value }),
        partition: 0,
        headers: replayHeaders(group, 300 + i),
      })),
    );
    await outcomeOf(302);
    expect(await outcomeOf(301)).toMatchObject([{ outcome: 'failed_again', reason: 'database' }]);
    expect(await outcomeOf(300)).toMatchObject([{ outcome: 'applied' }]);
    expect(await outcomeOf(302)).toMatchObject([{ outcome: 'applied' }]);
  });

  it('says nothing of live records, and asks the database nothing for them', async () => {
    const { topics } = consumer;
    const told = (await reader.outcomes()).length;
    // Whoever touches the outbox while it settles now waits for this test.
    const before = (await consumer.settled()).stored;
    await eventually(
      () => waiting(consumer),
      (n) => n === 0,
    );
    await consumer.whileHolding('LOCK TABLE metrics.outbox IN ACCESS EXCLUSIVE MODE', async () => {
      await topics.sendEvents(events(500, { name: 'live' }), 0);
      await eventually(
        () => consumer.settled(),
        ({ stored }) => stored === before + 500,
      );
    });
    expect(await reader.outcomes()).toHaveLength(told);
  });

  it('counts them, and tells what waits', async () => {
    const { body } = await consumer.get('/metrics');
    expect(body).toMatch(/weir_replay_outcomes_total\{outcome="applied"\} [1-9]/);
    expect(body).toMatch(/weir_replay_outcomes_total\{outcome="repeated"\} [1-9]/);
    expect(body).toContain('weir_replay_outcomes_total{outcome="failed_again"} 2');
    expect(body).toMatch(/weir_outbox_messages 0\n/);
    expect(body).toMatch(/weir_outbox_oldest_message_seconds 0\n/);
  });
});

describe('metrics-consumer, where outcomes cannot be told', () => {
  let consumer: ConsumerApp | null = null;
  let reader: OutcomeReader | null = null;
  let proxy: TcpProxy | null = null;
  afterEach(async () => {
    await proxy?.resume();
    await Promise.all([reader?.close(), consumer?.close()]);
    await proxy?.cut();
    [consumer, reader, proxy] = [null, null, null];
  });
  it('goes on storing while their topic is gone, says that they wait, and tells all of them once it is back', async () => {
    const app = (consumer = await ConsumerApp.create(() => ({}), 2));
    await app.start();
    await app.topics.sendEvents(events(1));
    await app.untilSettled(1);
    await app.removeTopic(dlqReplayEvents);
    await app.topics.send(replayed(app, 0, 600));
    await app.untilSettled(601);
    await app.topics.sendEvents(events(100, { name: 'live' }));
    expect(await app.untilSettled(701)).toMatchObject({ balanced: true });
    await app.untilCaughtUp();
    await eventually(
      () => app.get('/metrics'),
      ({ body }) =>
        /weir_outbox_messages [1-9]/.test(body) &&
        /weir_outbox_failures_total\{code="[a-z_]+"\} [1-9]/.test(body) &&
        /weir_outbox_oldest_message_seconds [1-9]/.test(body),
    );
    await eventually(
      () => app.get('/health/outbox'),
      ({ body }) => body.includes('"degraded"'),
    );
    expect(await app.get('/health/ready')).toMatchObject({ status: 200 });

    await app.topics.make(dlqReplayEvents);
    const outcomes = (reader = new OutcomeReader(app));
    await eventually(
      () => outcomes.byIdentity(),
      (told) => told.size === 600,
      { timeoutMs: 60_000, intervalMs: 500 },
    );
    expect(new Set((await outcomes.byIdentity()).values())).toEqual(new Set(['applied']));
  });

  it('goes on storing while the registry does not tell the schema of outcomes, and tells them once it does', async () => {
    const gate = (proxy = await TcpProxy.before(engines().schemaRegistry.url));
    const app = (consumer = await ConsumerApp.create(
      () => ({ SCHEMA_REGISTRY_URL: gate.url(engines().schemaRegistry.url) }),
      2,
    ));
    await app.start();
    await app.topics.sendEvents(events(1)); // which teaches it the schema of metrics, and no other
    await app.untilSettled(1);
    await gate.cut();
    await app.topics.send(replayed(app, 0, 50));
    expect(await app.untilSettled(51)).toMatchObject({ balanced: true });
    await eventually(
      () => app.get('/metrics'),
      ({ body }) => /weir_outbox_failures_total\{code="schema_registry_unavailable"\} [1-9]/.test(body),
    );
    expect(await waiting(app)).toBeGreaterThan(0);
    await gate.resume();
    const outcomes = (reader = new OutcomeReader(app));
    await eventually(
      () => outcomes.byIdentity(),
      (told) => told.size === 50,
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  });
});
