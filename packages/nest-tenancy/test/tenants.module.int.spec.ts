import { afterEach, describe, expect, it } from '@jest/globals';
import { engines, eventually, TcpProxy } from '@weir/testing';

import { newTenant, TenantsApp } from './tenants-app.js';

const READER = 'kafka_connection_status{component="reader"}';

describe('an app that knows tenants', () => {
  let app: TenantsApp;
  let broker: TcpProxy | null = null;
  afterEach(async () => {
    await app.close();
    await broker?.cut();
    broker = null;
  });

  it('is ready once it has seen the sentinel, and not before', async () => {
    app = await TenantsApp.start();
    const { tenant, presented } = newTenant();
    await app.publisher.publish([tenant]);
    const loading = await eventually(
      () => app.health(),
      (health) => health.waiting_for === 'sentinel' && health.tenants === 1,
    );
    expect(loading).toMatchObject({ status: 'unhealthy', state: 'loading' });
    expect(await app.ready()).toBe(false);
    expect(app.view.authenticate(presented, Date.now()).kind).toBe('unavailable');

    await app.publisher.publishSentinel();
    await eventually(() => app.ready());
    expect(await app.health()).toEqual({
      status: 'healthy',
      state: 'ready',
      waiting_for: null,
      tenants: 1,
      age_ms: expect.any(Number),
    });
    expect(app.view.authenticate(presented, Date.now())).toMatchObject({ kind: 'ok', tenant: { id: 'acme' } });
  });

  it('shows its view at /metrics, and counts and logs what it had to pass over', async () => {
    app = await TenantsApp.start();
    await app.producer.send([{ topic: app.topic, key: 'acme', value: Buffer.from('no frame') }]);
    await app.becomeReady(newTenant().tenant);
    expect(await app.metric('weir_tenants_view_tenants')).toBe(1);
    await eventually(async () => (await app.metric('weir_tenants_view_age_seconds')) < 5);
    await eventually(async () => (await app.metric(READER)) === 1);
    expect(await app.metric('weir_tenants_view_records_passed_over_total{reason="frame"}')).toBe(1);
    expect(app.logs.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({
        topic: app.topic,
        partition: 0,
        reason: 'frame',
        message: 'Passed over a record of the tenants topic',
      }),
    );
  });

  it('grows older while the broker is away, stops being ready past its greatest age, and is ready again after', async () => {
    broker = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers);
    app = await TenantsApp.start({ bootstrapServers: broker.address, maxAgeMs: 10_000 });
    await app.becomeReady(newTenant().tenant);

    await broker.cut();
    const older = await eventually(
      () => app.health(),
      ({ age_ms }) => age_ms > 2_000,
    );
    expect(older).toMatchObject({ status: 'healthy', state: 'ready' });
    await eventually(async () => !(await app.ready()));
    const stale = await app.health();
    expect(stale).toMatchObject({ status: 'unhealthy', state: 'stale', waiting_for: 'news', tenants: 1 });
    expect(stale.age_ms).toBeGreaterThan(10_000);
    expect(await app.metric('weir_tenants_view_age_seconds')).toBeGreaterThan(10);
    expect(await app.metric(READER)).toBe(0);
    expect(app.logs.join('')).toContain('"code":"kafka_unavailable"');

    await broker.resume();
    await eventually(() => app.ready(), Boolean, { timeoutMs: 60_000 });
  });

  it('follows the topic no more once it has ended', async () => {
    app = await TenantsApp.start({ maxAgeMs: 2_000 });
    await app.becomeReady(newTenant().tenant);
    await app.close();
    const state = await eventually(
      () => app.view.state,
      (now) => now !== 'ready',
    );
    expect(state).toBe('stale');
  });

  it('starts and ends while the broker is away', async () => {
    broker = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers, { away: true });
    app = await TenantsApp.start({ bootstrapServers: broker.address });
    expect(await app.health()).toMatchObject({ status: 'unhealthy', waiting_for: 'high_watermark', age_ms: null });
    const beganAt = performance.now();
    await app.close();
    expect(performance.now() - beganAt).toBeLessThan(20_000);
  });

  it('is not ready without Kafka, and says that this is so by its configuration', async () => {
    app = await TenantsApp.start({ enabled: false });
    expect(await app.health()).toEqual({ status: 'unhealthy', code: 'kafka_disabled' });
    expect(await app.ready()).toBe(false);
    expect(await app.metric('weir_tenants_view_age_seconds')).toBe(Infinity);
    expect(await app.metric(READER)).toBe(0);
  });
});
