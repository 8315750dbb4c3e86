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
