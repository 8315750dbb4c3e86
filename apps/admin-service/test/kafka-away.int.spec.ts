import { afterEach, describe, expect, it } from '@jest/globals';
import { engines, TcpProxy } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { AdminApp } from './support/admin-app.js';

describe('what operators see of Kafka, where it is away', () => {
  let admin: AdminApp | null = null;
  let proxy: TcpProxy | null = null;
  afterEach(async () => {
    await admin?.close();
    await proxy?.cut();
    [admin, proxy] = [null, null];
  });

  it('is 503 with a stable code, soon, and never a hang', async () => {
    const app = (admin = await AdminApp.start({ env: () => ({ KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' }) }));
    const dlq = app.topics.name(metricsDlq);
    const paths = [
      'topics',
      `topics/${dlq}`,
      `topics/${dlq}/messages?partition=0`,
      'consumer-groups',
      'consumer-groups/x',
    ];
    for (const path of paths) {
      const began = performance.now();
      const answer = await app.call('GET', `/api/v1/${path}`);
      expect([path, answer.status, answer.body['code']]).toEqual([path, 503, 'kafka_unavailable']);
      expect(answer.headers.get('retry-after')).not.toBeNull();
      expect(performance.now() - began).toBeLessThan(20_000);
    }
  }, 150_000);

  it('is 503 where Kafka is disabled', async () => {
    const app = (admin = await AdminApp.start({ env: () => ({ KAFKA_ENABLED: 'false' }) }));
    expect(await app.call('GET', '/api/v1/topics')).toMatchObject({ status: 503, body: { code: 'kafka_disabled' } });
  });

  it('is 503 for schemas alone where the registry is away', async () => {
    const { url } = engines().schemaRegistry;
    const gate = (proxy = await TcpProxy.before(url));
    const app = (admin = await AdminApp.start({ env: () => ({ SCHEMA_REGISTRY_URL: gate.url(url) }) }));
    await gate.cut();
    for (const path of ['schemas', 'schemas/tenants-value', 'schemas/tenants-value/diff'])
      expect(await app.call('GET', `/api/v1/${path}`)).toMatchObject({
        status: 503,
        body: { code: 'schema_registry_unavailable' },
      });
    expect(await app.call('GET', '/api/v1/topics')).toMatchObject({ status: 200 });
  });
});
