import { request as httpRequest } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, medianOf, TcpProxy } from '@weir/testing';

import { type Answer, QueryApp } from './support/query-app.js';
import { newKey } from './support/tenants.js';

const POINTS = 'name=load1';

const code = ({ body }: Answer): unknown => (body as { code?: unknown }).code;

describe('query-api, when something is away or slow', () => {
  let query: QueryApp | undefined;
  let proxy: TcpProxy | undefined;

  afterEach(async () => {
    await query?.close();
    await proxy?.cut();
    [query, proxy] = [undefined, undefined];
  });

  const start = async (options: Parameters<typeof QueryApp.start>[0]): Promise<QueryApp> => {
    query = await QueryApp.start(options);
    return query;
  };

  it('answers 503 while PostgreSQL is away, says nothing of it, is not ready, and answers again once it is back', async () => {
    const app = await start({
      env: async (databaseUrl) => {
        proxy = await TcpProxy.before(databaseUrl);
        return { DATABASE_URL: proxy.url(databaseUrl), DATABASE_CONNECT_TIMEOUT: '5s' };
      },
    });
    await app.stored.write(app.tenant.tenant_id, [{}]);
    expect((await app.ask('', POINTS)).body).toMatchObject({ points: [{ value: 1 }] });

    await proxy?.cut();
    for (const path of ['', '/query', '/names', '/labels', '/labels/host/values', '/series']) {
      const asked = { '': POINTS, '/query': `${POINTS}&agg=sum&step=1m` }[path] ?? '';
      const answer = await app.ask(path, asked);
      expect(answer).toMatchObject({
        status: 503,
        headers: { 'retry-after': '5' },
        body: { code: 'store_unavailable' },
      });
      expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|postgres/i);
    }
    await eventually(
      () => app.send('/health/ready'),
      ({ status }) => status === 503,
    );
    expect(await app.ask('', POINTS, { 'x-api-key': newKey().apiKey })).toMatchObject({ status: 401 });

    await proxy?.resume();
    await app.untilReady();
    expect((await app.ask('', POINTS)).body).toMatchObject({ points: [{ value: 1 }] });
  });

  it('is not ready, and answers 503, until the store is migrated and may be read', async () => {
    const app = await start({ migrated: false, ready: false });
    await app.tenants.publish(app.tenant);
    await app.tenants.publishSentinel();
    await eventually(
      () => app.ask('/names'),
      (answer) => code(answer) === 'store_unavailable',
    );
    expect((await app.send('/health/ready')).text).toContain('"db"');
    expect((await app.send('/health/ready')).status).toBe(503);
    await app.stored.migrate();
    await app.untilReady();
    expect((await app.ask('/names')).status).toBe(200);
  });

  it('answers 503 and never 401 to any key before all tenants are known, and hears of a revoked key within two seconds', async () => {
    const app = await start({ ready: false });
    await app.tenants.publish(app.tenant);
    await eventually(
      () => app.send('/health/tenants'),
      ({ text }) => text.includes('"tenants":1'),
    );
    for (const apiKey of [app.key.apiKey, newKey().apiKey, 'nonsense'])
      expect(await app.ask('', POINTS, { 'x-api-key': apiKey })).toMatchObject({
        status: 503,
        headers: { 'retry-after': '2' },
        body: { code: 'tenants_unavailable' },
      });
    expect(await app.ask('', POINTS, { 'x-api-key': '' })).toMatchObject({ status: 401 });

    await app.becomeReady();
    const revocationMs = async (n: number): Promise<number> => {
      const version = 2 + 2 * n;
      await app.tenants.publish({ ...app.tenant, version });
      await eventually(async () => (await app.ask('', POINTS)).status === 200);
      const revoked = { ...app.key.entry, revoked_at: Date.now() };
      await app.tenants.publish({ ...app.tenant, version: version + 1, keys: [revoked] });
      const revokedAt = performance.now();
      const refused = await eventually(
        () => app.ask('', POINTS),
        ({ status }) => status !== 200,
      );
      const tookMs = performance.now() - revokedAt;
      expect(refused).toMatchObject({ status: 401, body: { code: 'api_key_revoked' } });
      return tookMs;
    };
    expect(await medianOf(3, revocationMs)).toBeLessThan(2_000);
  });

  it('answers 503 kafka_disabled where it was started without Kafka', async () => {
    const app = await start({ ready: false, env: { KAFKA_ENABLED: 'false' } });
    expect(await app.ask('', POINTS)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '60' },
      body: { code: 'kafka_disabled' },
    });
    expect((await app.send('/health/live')).status).toBe(200);
  });

  /** Points of a series that is there, so that they are looked for in the samples, which somebody holds. */
  const slow = async (
    env: Readonly<Record<string, string>>,
  ): Promise<{ app: QueryApp; letGo: () => Promise<void> }> => {
    const app = await start({ env });
    await app.stored.write(app.tenant.tenant_id, [{}]);
    await app.stored.write(app.other.tenant_id, [{}]);
    return { app, letGo: await app.stored.holdSamples() };
  };

  describe('and the store is slow', () => {
    it('refuses what takes longer than QUERY_TIMEOUT in all, naming the limit, and answers the next', async () => {
      const { app, letGo } = await slow({ QUERY_TIMEOUT: '300ms', DATABASE_LOCK_TIMEOUT: '60s' });
      const startedMs = performance.now();
      expect(await app.ask('', POINTS)).toMatchObject({
        status: 422,
        body: { code: 'query_over_budget', limit: 'timeoutMs', max: 300 },
      });
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      await letGo();
      const next = await eventually(
        () => app.ask('', POINTS),
        ({ status }) => status === 200, // on a busy machine one may well take as long
      );
      expect(next.body).toMatchObject({ points: [{ value: 1 }] });
    });

    it('stays ready though every connection is taken, and answers 503 to whoever gets none in time', async () => {
      const { app, letGo } = await slow({
        DATABASE_POOL_SIZE: '1',
        DATABASE_CONNECT_TIMEOUT: '2s',
        DATABASE_LOCK_TIMEOUT: '60s',
        QUERY_TIMEOUT: '60s',
      });
      const first = app.ask('', POINTS);
      await app.stored.untilActive(1);
      expect(await app.askAsOther('', POINTS)).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
      const health = new Set<number>();
      const untilMs = performance.now() + 1_500; // a check is remembered for a second
      await eventually(async () => {
        health.add((await app.send('/health/db')).status);
        return performance.now() > untilMs;
      });
      expect([...health]).toEqual([200]);
      await letGo();
      expect((await first).status).toBe(200);
    });

    it('lets one tenant run as many queries as it may, a hundred wait, answers 429 to the rest, and serves the others', async () => {
      const { app, letGo } = await slow({
        QUERY_MAX_CONCURRENT: '2',
        DATABASE_LOCK_TIMEOUT: '60s',
        QUERY_TIMEOUT: '60s',
      });
      const asked = Array.from({ length: 103 }, () => app.ask('', POINTS));
      expect(await Promise.race(asked)).toMatchObject({
        status: 429,
        headers: { 'retry-after': '1' },
        body: { code: 'too_many_queries' },
      });
      await app.stored.untilActive(2);
      const others = app.askAsOther('', POINTS);
      await app.stored.untilActive(3);
      await letGo();
      expect((await others).status).toBe(200);
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(102);
    });

    it('ends a query in the database where its caller has hung up, and leaves the place to others', async () => {
      const { app, letGo } = await slow({
        QUERY_TIMEOUT: '60s',
        DATABASE_LOCK_TIMEOUT: '60s',
        QUERY_MAX_CONCURRENT: '1',
      });
      const headers = { 'x-api-key': app.key.apiKey };
      const running = httpRequest(`${app.url}/api/v1/metrics?${POINTS}`, { agent: false, headers });
      const hungUp = new Promise((resolve) => running.once('error', resolve));
      running.end();
      await app.stored.untilActive(1);
      running.destroy();
      await hungUp;
      await app.stored.untilActive(0); // while what it waited for is still held
      const next = app.ask('', POINTS);
      await app.stored.untilActive(1);
      await letGo();
      expect((await next).status).toBe(200);
      expect((await app.send('/metrics')).text).toContain(
        'weir_query_requests_total{route="/api/v1/metrics",status="499"} 1',
      );
    });
  });
});
