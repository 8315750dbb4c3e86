import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, type TenantLimits } from '@weir/avro';
import { eventually, startRedis, type TestRedis, uniqueName } from '@weir/testing';

import { IngestApp, metric } from './support/ingest-app.js';
import type { Answer } from './support/post.js';
import { type NewKey, newKey, newTenant } from './support/tenants.js';

const samples = (count: number): object[] =>
  Array.from({ length: count }, (_, n) => metric({ timestamp: Date.now() - n * 1_000 }));
const series = (from: number, to: number): object[] =>
  Array.from({ length: to - from }, (_, n) => metric({ labels: { host: `host-${from + n}` } }));

describe('the limits of a tenant', () => {
  let redis: TestRedis;
  let ingest: IngestApp;

  beforeAll(async () => {
    redis = await startRedis();
    ingest = await IngestApp.start({ env: { REDIS_URL: redis.url, INGEST_TENANT_MAX_ACTIVE_SERIES: '20' } });
  });
  afterAll(async () => {
    await ingest.close();
    await redis.stop();
  });

  async function limited(
    limits: Partial<TenantLimits>,
    { key = newKey(), tenant = {} }: { key?: NewKey; tenant?: Parameters<typeof newTenant>[0] } = {},
  ): Promise<NewKey> {
    const changes = { keys: [key.entry], limits: { ...DEFAULT_LIMITS, ...limits }, ...tenant };
    await ingest.tenants.publish(newTenant(changes));
    await eventually(
      () => ingest.post([], { headers: { 'x-api-key': key.apiKey } }),
      ({ status }) => status === 422,
    );
    return key;
  }
  const post = ({ apiKey }: NewKey, body: unknown): Promise<Answer> =>
    ingest.post(body, { headers: { 'x-api-key': apiKey } });

  it('over its rate a tenant hears 429 and when to come again, nothing is taken in, and others go on', async () => {
    const key = await limited({ samples_per_second: 0.1, burst: 50 });
    expect((await post(key, samples(45))).status).toBe(202);
    const refused = await post(key, samples(20));
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(100);
    expect((await ingest.post(samples(20))).status).toBe(202);
    const { text: body } = await ingest.get('/metrics');
    expect(body).toMatch(/weir_ingest_tenant_refused_requests_total\{.*code="rate_limited".*\} 1\n/u);
    // Redis is asked about a series that is new, and not heard where it takes longer than a tenth of a second.
    let asked = 0;
    const isShared = /weir_ingest_limits_shared(?:\{[^}]*\})? 1\n/u;
    const shown = await eventually(
      async () => {
        await ingest.post(series(asked, ++asked));
        return (await ingest.get('/metrics')).text;
      },
      (text) => isShared.test(text),
      { intervalMs: 250 },
    );
    expect(shown).toMatch(isShared);
  });

  it('a request larger than the burst gets through, and is paid for by those after it', async () => {
    const key = await limited({ samples_per_second: 0.1, burst: 5 });
    expect((await post(key, samples(100))).status).toBe(202);
    const refused = await post(key, samples(1));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(900);
  });

  it('a limit of nothing lets nothing through', async () => {
    const key = newKey();
    await ingest.tenants.publish(
      newTenant({ keys: [key.entry], limits: { ...DEFAULT_LIMITS, samples_per_second: 0 } }),
    );
    const refused = await eventually(
      () => post(key, samples(1)),
      ({ status }) => status === 429,
    );
    expect(refused.headers['retry-after']).toBe('3600');
  });

  it('samples of series too many are refused one by one; those of active series are not', async () => {
    const key = await limited({ max_active_series: 10 });
    expect((await post(key, series(0, 10))).status).toBe(202);
    const mixed = await post(key, [...series(0, 2), { broken: true }, ...series(10, 12), ...series(9, 10)]);
    expect(mixed.status).toBe(207);
    expect(mixed.body).toMatchObject({
      accepted: 3,
      rejected: [
        { index: 2, code: 'unknown_field' },
        { index: 3, code: 'series_limit' },
        { index: 4, code: 'series_limit' },
      ],
    });
    const refused = await post(key, series(20, 22));
    expect(refused).toMatchObject({ status: 429, body: { code: 'series_limited', accepted: 0 } });
    expect(refused.headers['retry-after']).toBe('60');
  });

  it('what is refused for its rate begins no series', async () => {
    const tenant = { tenant_id: uniqueName('tenant') };
    const key = await limited({ samples_per_second: 0.01, burst: 6, max_active_series: 10 }, { tenant });
    expect((await post(key, series(0, 5))).status).toBe(202);
    expect((await post(key, series(5, 10))).body).toMatchObject({ code: 'rate_limited' });
    await limited({ max_active_series: 10 }, { key, tenant: { ...tenant, version: 2 } });
    const { status } = await eventually(
      () => post(key, series(10, 15)),
      ({ body }) => (body as { code?: string }).code !== 'rate_limited',
    );
    expect(status).toBe(202);
  });

  it('samples that are refused for their series cost nothing of the rate', async () => {
    const key = await limited({ samples_per_second: 0.01, burst: 20, max_active_series: 5 });
    expect((await post(key, series(0, 15))).body).toMatchObject({ accepted: 5 });
    expect((await post(key, series(0, 5))).status).toBe(202);
    expect((await post(key, series(0, 5))).status).toBe(202);
  });

  it('a tenant without limits of its own has the service’s', async () => {
    const key = await limited({});
    const answer = await post(key, series(100, 125));
    expect(answer.body).toMatchObject({ accepted: 20 });
  });
});
