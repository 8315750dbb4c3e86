import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { BrokerProxy } from './support/broker-proxy.js';
import { IngestApp, metric } from './support/ingest-app.js';
import { newKey, newTenant } from './support/tenants.js';

describe('guarantee 5: who may send', () => {
  let ingest: IngestApp | undefined;
  const proxies: BrokerProxy[] = [];

  afterEach(async () => {
    await ingest?.close();
    await Promise.all(proxies.splice(0).map((proxy) => proxy.cut()));
  });

  const status = async (apiKey: string): Promise<number> =>
    (await ingest!.post(metric(), { headers: { 'x-api-key': apiKey } })).status;

  it('answers 503 and never 401 to any key before the sentinel was seen', async () => {
    ingest = await IngestApp.start({ ready: false });
    await ingest.tenants.publish(ingest.tenant);
    await eventually(
      async () => (await ingest!.get('/health/tenants')).text,
      (text) => text.includes('"tenants":1'),
    );

    for (const apiKey of [ingest.key.apiKey, newKey().apiKey, 'nonsense']) {
      const answer = await ingest.post(metric(), { headers: { 'x-api-key': apiKey } });
      expect(answer).toMatchObject({ status: 503, body: { code: 'tenants_unavailable' } });
      expect(answer.headers['retry-after']).toBe('2');
    }
    expect((await ingest.get('/health/ready')).status).toBe(503);

    await ingest.tenants.publishSentinel();
    await eventually(
      () => status(ingest!.key.apiKey),
      (answered) => answered === 202,
    );
    expect(await status(newKey().apiKey)).toBe(401);
  });

  it('hears of a new key, a revoked one and a deleted tenant within two seconds', async () => {
    ingest = await IngestApp.start();
    const second = newKey();
    const both = [ingest.key.entry, second.entry];
    await ingest.tenants.publish({ ...ingest.tenant, version: 2, keys: both });
    await eventually(
      () => status(second.apiKey),
      (answered) => answered === 202,
      { timeoutMs: 2000 },
    );

    const revoked = [{ ...ingest.key.entry, revoked_at: Date.now() }, second.entry];
    await ingest.tenants.publish({ ...ingest.tenant, version: 3, keys: revoked });
    await eventually(
      () => status(ingest!.key.apiKey),
      (answered) => answered === 401,
      { timeoutMs: 2000 },
    );
    expect(await status(second.apiKey)).toBe(202);

    await ingest.tenants.publish({ ...ingest.tenant, version: 2, keys: both }); // late, and to be ignored
    await ingest.tenants.publish({ ...ingest.tenant, version: 4, keys: revoked, state: 'deleted' });
    await eventually(
      () => status(second.apiKey),
      (answered) => answered === 401,
      { timeoutMs: 2000 },
    );
    expect(await status(ingest.key.apiKey)).toBe(401);
  });

  it('passes over records that it cannot use, counts them, and goes on', async () => {
    ingest = await IngestApp.start();
    await ingest.tenants.publishRaw('broken', Buffer.from('not Avro'));
    await ingest.tenants.publishRaw(ingest.tenant.tenant_id, null);
    const other = newKey();
    await ingest.tenants.publish(newTenant({ keys: [other.entry] }));

    await eventually(
      () => status(other.apiKey),
      (answered) => answered === 202,
    );
    expect(await status(ingest.key.apiKey)).toBe(202);
    const { text } = await ingest.get('/metrics');
    expect(text).toContain('weir_tenants_view_records_passed_over_total{reason="frame"} 1');
    expect(text).toContain('weir_tenants_view_records_passed_over_total{reason="null_value"} 1');
  });

  it('stops serving once nothing was heard of the topic for TENANTS_MAX_AGE, and serves again once it was', async () => {
    const broker = await BrokerProxy.start();
    proxies.push(broker);
    ingest = await IngestApp.start({
      env: { KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers, TENANTS_MAX_AGE: '4s' },
    });
    await eventually(
      () => status(ingest!.key.apiKey),
      (answered) => answered === 202,
    );

    await broker.cut();
    const refused = await eventually(
      () => ingest!.post(metric(), { headers: { 'x-api-key': newKey().apiKey } }),
      (answer) => answer.status !== 401,
    );
    expect(refused).toMatchObject({ status: 503, body: { code: 'tenants_unavailable' } });
    await eventually(
      async () => (await ingest!.get('/health/tenants')).text,
      (text) => text.includes('"stale"'),
    );
    expect(await ingest.post(metric())).toMatchObject({ status: 503, body: { code: 'tenants_unavailable' } });

    await broker.resume();
    await eventually(
      () => status(ingest!.key.apiKey),
      (answered) => answered === 202,
      { timeoutMs: 60_000 },
    );
  });
});
