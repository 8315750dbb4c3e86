import { afterEach, describe, expect, it } from '@jest/globals';
import { engines, eventually, TcpProxy } from '@weir/testing';

import { ConsumerApp } from './support/consumer-app.js';
import { events } from './support/events.js';

let consumer: ConsumerApp | null = null;
const proxies: TcpProxy[] = [];

async function proxyBefore(url: string, options: { away?: boolean } = {}): Promise<TcpProxy> {
  const proxy = await TcpProxy.before(url, options);
  proxies.push(proxy);
  return proxy;
}

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.resume())); // so that the app can say goodbye
  await consumer?.close();
  consumer = null;
  await Promise.all(proxies.splice(0).map((proxy) => proxy.cut()));
});

const ready = async (app: ConsumerApp) => (await app.get('/health/ready')).status;

describe('metrics-consumer, when PostgreSQL goes away', () => {
  it('waits, sends nothing to the DLQ, and stores every sample once it is back', async () => {
    const proxy = await proxyBefore(engines().postgres.url);
    consumer = await ConsumerApp.create((url) => ({ DATABASE_URL: proxy.url(url) }));
    const app = consumer;
    await app.start();
    await app.topics.sendEvents(events(300, { name: 'before' }));
    await app.untilSettled(300);

    await proxy.cut();
    await app.topics.sendEvents(events(700, { name: 'during' }));
    const answer = await eventually(
      () => app.get('/health/ready'),
      ({ status, body }) => status === 503 && body.includes('store_unavailable'),
    );
    expect(answer.body).toContain('"not_ready"');
    expect(await app.get('/health/live')).toMatchObject({ status: 200 });
    expect(await app.samples()).toHaveLength(300);

    await proxy.resume();
    expect(await app.untilSettled(1_000)).toMatchObject({ balanced: true });
    expect(await app.samples()).toHaveLength(1_000);
    expect(app.topics.deadLetterCount).toBe(0);
    await eventually(
      () => ready(app),
      (status) => status === 200,
    );
  });

  it('may be started without it: it is alive and not ready, and begins once the database answers', async () => {
    const proxy = await proxyBefore(engines().postgres.url, { away: true });
    consumer = await ConsumerApp.create((url) => ({ DATABASE_URL: proxy.url(url) }));
    const app = consumer;
    await app.topics.sendEvents(events(100));
    await app.start();
    expect(await app.get('/health/live')).toMatchObject({ status: 200 });
    expect(await ready(app)).toBe(503);

    await proxy.resume();
    await app.untilSettled(100);
    expect(await app.samples()).toHaveLength(100);
    expect(app.topics.deadLetterCount).toBe(0);
  });
});

describe('metrics-consumer, whose transaction is ended by force', () => {
  it('does the batch again after its session was killed while it wrote: nothing is lost, doubled or dead-lettered', async () => {
    consumer = await ConsumerApp.create(() => ({}), 2);
    const app = consumer;
    await app.start();
    await app.topics.sendEvents(events(10, { name: 'before' }));
    await app.untilSettled(10);

    await app.whileHolding('LOCK TABLE metrics.samples IN SHARE MODE', async () => {
      await app.topics.sendEvents(events(500, { name: 'killed' }));
      for (let kills = 0; kills < 2; kills += 1)
        await eventually(
          () =>
            app.sql(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'weir metrics-consumer' AND wait_event_type = 'Lock'`,
            ),
          (killed) => killed.length > 0,
        );
    });

    expect(await app.untilSettled(510)).toMatchObject({ balanced: true });
    expect(await app.settled()).toEqual({ stored: 510, deadLettered: 0, gap: 0, expired: 0 });
    expect(await app.samples()).toHaveLength(510);
    expect(app.topics.deadLetterCount).toBe(0);
  });

  it('finds out that it committed where the answer to COMMIT was lost, and counts nothing twice', async () => {
    const proxy = await proxyBefore(engines().postgres.url);
    consumer = await ConsumerApp.create((url) => ({ DATABASE_URL: proxy.url(url) }), 1);
    const app = consumer;
    await app.start();
    await app.topics.sendEvents(events(10, { name: 'before' }));
    await app.untilSettled(10);
    // Holds each COMMIT back until the test lets go, and keeps the server from looking whether its client is still there.
    await app.sql(`CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM set_config('client_connection_check_interval', '0', true), pg_advisory_xact_lock_shared(1); RETURN NULL; END $$`);
    await app.sql(`CREATE CONSTRAINT TRIGGER hold AFTER UPDATE ON metrics.ledger
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()`);
    await app.whileHolding('SELECT pg_advisory_xact_lock(1)', async () => {
      await app.topics.sendEvents(events(90, { name: 'unanswered' }));
      await eventually(
        () => app.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`),
        (committing) => committing.length > 0,
      );
      await proxy.cut();
    });
    await eventually(
      () => app.sql('SELECT FROM metrics.ledger WHERE stored > 10'), // and nobody was told
      (lines) => lines.length > 0,
    );
    await app.sql('DROP TRIGGER hold ON metrics.ledger');
    await proxy.resume();

    await app.untilCaughtUp();
    expect(await app.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 100, stored: 100 }] });
    expect(await app.samples()).toHaveLength(100);
    expect(app.topics.deadLetterCount).toBe(0);
  });
});

describe('metrics-consumer, when the broker goes away', () => {
  it('says so, waits, and goes on where it was once the broker is back', async () => {
    const proxy = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers);
    proxies.push(proxy);
    consumer = await ConsumerApp.create(() => ({ KAFKA_BOOTSTRAP_SERVERS: proxy.address }));
    const app = consumer;
    await app.start();
    await app.topics.sendEvents(events(500, { name: 'before' }));
    await app.untilSettled(500);

    await proxy.cut();
    await app.topics.sendEvents(events(500, { name: 'during' }));
    await eventually(
      () => app.get('/health/ready'),
      ({ status, body }) => status === 503 && body.includes('kafka_unavailable'),
    );
    expect(await app.get('/health/live')).toMatchObject({ status: 200 });

    await proxy.resume();
    expect(await app.untilSettled(1_000)).toMatchObject({ balanced: true });
    await app.untilCaughtUp();
    expect(await app.settled()).toEqual({ stored: 1_000, deadLettered: 0, gap: 0, expired: 0 });
    expect(await app.samples()).toHaveLength(1_000);
  });
});

describe('metrics-consumer, when the schema registry is down at its start', () => {
  it('loses nothing and dead-letters nothing', async () => {
    const proxy = await proxyBefore(engines().schemaRegistry.url, { away: true });
    consumer = await ConsumerApp.create(() => ({ SCHEMA_REGISTRY_URL: proxy.url(engines().schemaRegistry.url) }));
    const app = consumer;
    await app.topics.sendEvents(events(200));
    await app.start();
    await eventually(
      () => app.get('/metrics'),
      ({ body }) => /weir_consumer_batch_retries_total\{[^}]*code="schema_registry_unavailable"\} [1-9]/.test(body),
    );
    expect(await app.settled()).toMatchObject({ stored: 0, deadLettered: 0 });

    await proxy.resume();
    expect(await app.untilSettled(200)).toMatchObject({ balanced: true });
    expect(app.topics.deadLetterCount).toBe(0);
  });
});

describe('metrics-consumer, restarted in mid-stream', () => {
  it('stores every record exactly once', async () => {
    consumer = await ConsumerApp.create(() => ({ BATCH_MAX_RECORDS: '50' }));
    const app = consumer;
    await app.start();
    const total = 6_000;
    let sent = 0;
    const sending = (async () => {
      for (const series of ['a', 'b', 'c', 'd', 'e', 'f']) {
        await app.topics.sendEvents(events(1_000, { name: 'stream', labels: { series } }));
        sent += 1_000;
      }
    })();
    await eventually(
      () => app.settled(),
      ({ stored }) => stored > 100,
    );
    await app.restart();
    await app.restart();
    await sending;
    expect(sent).toBe(total);

    expect(await app.untilSettled(total)).toMatchObject({ balanced: true });
    expect(await app.settled()).toEqual({ stored: total, deadLettered: 0, gap: 0, expired: 0 });
    const samples = await app.samples();
    expect(new Set(samples.map(({ labels, ms }) => `${labels['series']}@${ms}`)).size).toBe(total);
  });
});
