import { afterEach, describe, expect, it } from '@jest/globals';
import { engines, eventually, TcpProxy, uniqueName } from '@weir/testing';

import { AdminApp } from './support/admin-app.js';

describe('admin-service, when something is away', () => {
  let admin: AdminApp | undefined;
  let proxy: TcpProxy | undefined;
  afterEach(async () => {
    await proxy?.resume();
    await admin?.close();
    await proxy?.cut();
    [admin, proxy] = [undefined, undefined];
  });

  it('answers 503 while PostgreSQL is away, says nothing of it, is not ready, and goes on once it is back', async () => {
    const app = await AdminApp.start({
      env: async ({ DATABASE_URL = '' }) => {
        proxy = await TcpProxy.before(DATABASE_URL);
        return { DATABASE_URL: proxy.url(DATABASE_URL) };
      },
    });
    admin = app;
    await proxy?.cut();
    const body = { tenantId: uniqueName('t'), name: 'Later' };
    for (const [method, path] of [
      ['GET', '/tenants'],
      ['POST', '/tenants'],
      ['GET', '/audit'],
    ] as const) {
      const answer = await app.call(method, `/api/v1${path}`, method === 'POST' ? { body } : {});
      expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|postgres/i);
    }
    await eventually(async () => (await app.call('GET', '/health/ready')).status === 503);
    await proxy?.resume();
    await app.untilReady();
    await app.done('POST', '/tenants', { body });
  });

  it('starts with everything away, is not ready, serves health, and takes work once all is there', async () => {
    const registry = await TcpProxy.before(engines().schemaRegistry.url, { away: true });
    const broker = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers, { away: true });
    try {
      const app = await AdminApp.start({
        ready: false,
        env: async ({ DATABASE_URL = '' }) => {
          proxy = await TcpProxy.before(DATABASE_URL, { away: true });
          return {
            DATABASE_URL: proxy.url(DATABASE_URL),
            SCHEMA_REGISTRY_URL: registry.url(engines().schemaRegistry.url),
            KAFKA_BOOTSTRAP_SERVERS: broker.address,
          };
        },
      });
      admin = app;
      expect((await app.call('GET', '/health/live')).status).toBe(200);
      expect((await app.call('GET', '/health/ready')).body).toMatchObject({
        reasons: expect.arrayContaining(['db', 'schemas']) as unknown,
      });
      await proxy?.resume();
      await eventually(
        () => app.call('GET', '/api/v1/tenants'),
        ({ status, body }) => status === 503 && body['code'] === 'schema_registry_unavailable',
        { timeoutMs: 60_000 },
      );
      await registry.resume();
      // Clients that look for Kafka hold the few threads that log-ins to PostgreSQL need too: four here, sixteen as it is deployed.
      await app.untilReady({ timeoutMs: 100_000 });
      // Kafka is still away: changes are taken, and wait.
      const tenantId = uniqueName('t');
      await app.done('POST', '/tenants', { body: { tenantId, name: 'Early' } });
      const { key } = await app.done('POST', `/tenants/${tenantId}/keys`, { body: { scopes: ['query'] } });
      await broker.resume();
      const view = app.view();
      await eventually(() => view.authenticate(String(key), Date.now()).kind === 'ok', Boolean, { timeoutMs: 60_000 });
    } finally {
      const app = admin;
      admin = undefined;
      await app?.close();
      await Promise.all([registry.cut(), broker.cut()]);
    }
  }, 240_000);
});
