import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, startRedis, type TestRedis, uniqueName } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { Breaker } from '../src/breaker/breaker.js';
import { RedisBreakerStore } from '../src/breaker/redis-breaker-store.js';
import { ConsumerApp } from './support/consumer-app.js';
import { event } from './support/events.js';

const KEY = 'operators-only';
const QUICK = {
  BREAKER_FAILED_TRIES: '2',
  BREAKER_PROBE_INTERVAL: '300ms',
  BREAKER_SHARE_MIN_RECORDS: '20',
  OPERATOR_KEY: KEY,
  DEAD_LETTER_DELIVERY_TIMEOUT: '3s',
};

const apps: ConsumerApp[] = [];
let redis: TestRedis | null = null;

async function start(env: Readonly<Record<string, string>> = {}): Promise<ConsumerApp> {
  const app = await ConsumerApp.create(() => ({ ...QUICK, ...env }), 1);
  apps.push(app);
  await app.start();
  return app;
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await redis?.stop();
  redis = null;
});

interface Shown {
  readonly open: { readonly cause: string; readonly detail: string } | null;
  readonly pass: { readonly reason: string } | null;
}

const shown = async (app: ConsumerApp): Promise<Shown> => JSON.parse((await app.get('/breaker')).body) as Shown;
const causeOf = async (app: ConsumerApp): Promise<string | null> => (await shown(app)).open?.cause ?? null;
const untilOpen = (app: ConsumerApp, cause: string): Promise<unknown> =>
  eventually(
    () => causeOf(app),
    (now) => now === cause,
    { timeoutMs: 60_000 },
  );
const untilClosed = (app: ConsumerApp): Promise<unknown> =>
  eventually(
    () => causeOf(app),
    (now) => now === null,
    { timeoutMs: 60_000 },
  );

const refuseDeadLetters = (app: ConsumerApp): Promise<void> => app.removeTopic(metricsDlq);
const takeDeadLetters = ({ topics }: ConsumerApp): Promise<void> => topics.make(metricsDlq);

const spoilt = (app: ConsumerApp, tenant: string, count: number): Promise<void> =>
  app.topics.sendEvents(Array.from({ length: count }, () => event({ tenant_id: tenant, name: 'no spaces' })));
const fine = (app: ConsumerApp, tenant: string, count: number): Promise<void> =>
  app.topics.sendEvents(
    Array.from({ length: count }, (_, n) => event({ tenant_id: tenant, timestamp: Date.now() - n * 1_000 })),
  );

describe('the breaker', () => {
  it('opens while the DLQ takes nothing: nothing is settled, readiness says why; and closes by itself', async () => {
    const app = await start();
    await refuseDeadLetters(app);
    await spoilt(app, 'acme', 1);
    await fine(app, 'acme', 5);
    await untilOpen(app, 'dlq_unwritable');
    const ready = await eventually(
      () => app.get('/health/ready'),
      ({ status }) => status === 503,
    );
    expect(ready.body).toContain('breaker');
    expect((await app.get('/metrics')).body).toMatch(/weir_breaker_open\{[^}]*cause="dlq_unwritable"[^}]*\} 1/u);
    await fine(app, 'acme', 5);
    expect(await app.settled()).toMatchObject({ stored: 0, deadLettered: 0 });

    await takeDeadLetters(app);
    await untilClosed(app);
    await app.untilCaughtUp();
    expect(await app.settled()).toMatchObject({ stored: 10, deadLettered: 1 });
    await eventually(
      () => app.get('/health/ready'),
      ({ status }) => status === 200,
    );
  });

  it('stops for a fault of many tenants before any of it is dead-lettered, until an operator lets it pass', async () => {
    const app = await start();
    await spoilt(app, 'acme', 20);
    await spoilt(app, 'globex', 20);
    await eventually(() => causeOf(app));
    const held = await app.settled();
    expect(await causeOf(app)).toBe('dead_letter_share');

    const close = async (headers: Record<string, string>, body: unknown): Promise<number> =>
      (await app.post('/breaker/close', body, headers)).status;
    expect(await close({}, { reason: 'let them go' })).toBe(401);
    expect(await close({ 'x-operator-key': 'guessed' }, { reason: 'let them go' })).toBe(401);
    expect(await close({ 'x-operator-key': KEY }, { reason: ' ' })).toBe(400);
    expect(await app.settled()).toEqual(held);
    expect(await close({ 'x-operator-key': KEY }, { reason: 'let them go' })).toBe(200);
    await app.untilCaughtUp();
    expect(await app.settled()).toMatchObject({ stored: 0, deadLettered: 40 });
    expect(await shown(app)).toMatchObject({ open: null, pass: { reason: 'let them go' } });
    expect(await close({ 'x-operator-key': KEY }, { reason: 'again' })).toBe(409);

    // What comes after what was let pass is judged again.
    await spoilt(app, 'acme', 20);
    await spoilt(app, 'globex', 20);
    await untilOpen(app, 'dead_letter_share');
  });

  it('lets no tenant stop another, whatever it sends', async () => {
    const app = await start();
    await spoilt(app, 'acme', 500);
    await fine(app, 'globex', 20);
    await app.untilCaughtUp();
    expect(await app.settled()).toMatchObject({ stored: 20, deadLettered: 500 });
    expect(await causeOf(app)).toBeNull();
  });

  it('is not forgotten by a restart where Redis keeps it, failed tries included', async () => {
    redis = await startRedis();
    const app = await start({ REDIS_URL: redis.url, BREAKER_FAILED_TRIES: '3', BREAKER_PROBE_INTERVAL: '1h' });
    await refuseDeadLetters(app);
    await spoilt(app, 'acme', 1);
    await untilOpen(app, 'dlq_unwritable');
    await takeDeadLetters(app);
    await app.restart();
    await untilOpen(app, 'dlq_unwritable');
    expect(await app.settled()).toMatchObject({ deadLettered: 0 });
    expect((await app.post('/breaker/close', { reason: 'mended' }, { 'x-operator-key': KEY })).status).toBe(200);
    await app.untilCaughtUp();
    expect(await app.settled()).toMatchObject({ deadLettered: 1 });
  });

  it('goes on by itself while Redis is away, and says so', async () => {
    redis = await startRedis();
    const app = await start({ REDIS_URL: redis.url });
    const sharedGauge = async (): Promise<string | undefined> =>
      /^weir_breaker_shared(?:\{[^}]*\})? (\d)$/mu.exec((await app.get('/metrics')).body)?.[1];
    const redisHealth = async (): Promise<number> => (await app.get('/health/redis')).status;
    await eventually(sharedGauge, (value) => value === '1');
    await eventually(redisHealth, (status) => status === 200);
    await redis.stop();
    redis = null;
    await eventually(sharedGauge, (value) => value === '0');
    await eventually(redisHealth, (status) => status === 503);
    await eventually(async () => (await app.get('/health/ready')).status === 200);
    await fine(app, 'acme', 5);
    await app.untilCaughtUp();
    expect(await app.settled()).toMatchObject({ stored: 5 });
    await spoilt(app, 'acme', 20);
    await spoilt(app, 'globex', 20);
    await untilOpen(app, 'dead_letter_share');
  });
});

const synced = async (breaker: Breaker): Promise<Breaker> => {
  await breaker.sync();
  return breaker;
};

describe('the breakers of two instances that share a Redis', () => {
  const away = new Error('no broker');
  const observer = { opened: () => undefined, closed: () => undefined, shared: () => undefined };
  const share = { windowMs: 60_000, minRecords: 20, minTenants: 2, share: 0.5 };
  const stores: RedisBreakerStore[] = [];
  afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

  /** Connected: what it counts before, nobody shares. */
  async function instance(url: string, group: string): Promise<Breaker> {
    const store = new RedisBreakerStore(url, group);
    stores.push(store);
    await eventually(() =>
      store.ping().then(
        () => true,
        () => false,
      ),
    );
    return new Breaker({ failedTries: 3, probeIntervalMs: 60_000, share }, store, observer);
  }

  it('open by the failed tries of both, and close for both where an operator closes one', async () => {
    redis = await startRedis();
    const group = uniqueName('breaker');
    const [one, other] = [await instance(redis.url, group), await instance(redis.url, group)];
    await one.failedToWrite(away);
    await one.failedToWrite(away);
    expect(one.open).toBeNull();
    await other.failedToWrite(away);
    expect(other.open).toMatchObject({ cause: 'dlq_unwritable' });
    await eventually(
      () => synced(one),
      ({ open }) => open?.cause === 'dlq_unwritable',
    );

    const below = { 'a-topic/0': 20 };
    expect(one.closeByHand('mended', below)).toMatchObject({ cause: 'dlq_unwritable' });
    await eventually(
      () => synced(other),
      ({ open }) => open === null,
    );
    expect(other.pass).toMatchObject({ reason: 'mended', below });
    await one.failedToWrite(away); // the first in a row
    await one.failedToWrite(away);
    expect(one.open).toBeNull();
  });
});
