import { afterEach, describe, expect, it } from '@jest/globals';
import { engines, eventually, median, TcpProxy } from '@weir/testing';

import { loadConfig } from '../src/config.js';
import { BrokerProxy } from './support/broker-proxy.js';
import { decoded, IngestApp, metric } from './support/ingest-app.js';

const batch = (count: number) => Array.from({ length: count }, (_, n) => metric({ labels: { n: String(n) } }));

describe('what is answered about delivery', () => {
  let ingest: IngestApp | undefined;
  let broker: BrokerProxy | undefined;

  afterEach(async () => {
    await broker?.resume();
    await ingest?.close();
    await broker?.cut();
  });

  it('guarantee 1: one delivery that is uncertain makes the whole answer so, also beside refused samples', async () => {
    broker = await BrokerProxy.start();
    ingest = await IngestApp.start({
      env: {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        INGEST_DELIVERY_TIMEOUT: '1s',
        INGEST_HTTP_TIMEOUT: '6s',
      },
    });
    broker.stall();
    const answer = await ingest.post([metric(), { name: 'bad' }]);
    expect(answer).toMatchObject({ status: 503, body: { code: 'delivery_unknown' } });
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.body).not.toHaveProperty('rejected');

    await broker.cut();
    await broker.resume();
    await eventually(
      () => ingest!.post(metric()),
      ({ status }) => status === 202,
      { timeoutMs: 60_000 },
    );
  });

  it('guarantee 1: without room for the whole request nothing of it is produced', async () => {
    broker = await BrokerProxy.start();
    ingest = await IngestApp.start({
      env: {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        INGEST_MAX_SAMPLES: '100',
        INGEST_QUEUE_RECORDS: '100',
        INGEST_TENANT_IN_FLIGHT_SHARE: '1',
        INGEST_DELIVERY_TIMEOUT: '40s',
        INGEST_HTTP_TIMEOUT: '60s',
      },
    });
    broker.stall();
    const first = ingest.post(batch(60), { headers: { 'x-correlation-id': 'first' } });
    await eventually(
      async () => (await ingest!.get('/health/producer')).text,
      (text) => text.includes('"records":60'),
    );
    const second = await ingest.post(batch(41), { headers: { 'x-correlation-id': 'second' } });
    expect(second).toMatchObject({ status: 503, body: { code: 'overloaded' } });
    expect(second.headers['retry-after']).toBe('1');

    await broker.cut();
    await broker.resume();
    expect((await first).status).toBe(202);
    await ingest.post(batch(1), { headers: { 'x-correlation-id': 'third' } });
    await ingest.records('third', 1);
    expect(await ingest.records('second', 0)).toHaveLength(0);
    expect(await ingest.records('first', 60)).toHaveLength(60);
  });

  it('guarantee 2: the delivery time-out lies below the HTTP time-out, or the process does not start', () => {
    const env = { NODE_ENV: 'test', KAFKA_BOOTSTRAP_SERVERS: 'a:1', SCHEMA_REGISTRY_URL: 'http://a' };
    const withTimeouts = (delivery: string, http: string) =>
      loadConfig({ ...env, INGEST_DELIVERY_TIMEOUT: delivery, INGEST_HTTP_TIMEOUT: http });

    expect(() => withTimeouts('10s', '10s')).toThrow('INGEST_DELIVERY_TIMEOUT');
    expect(() => withTimeouts('29s', '30s')).toThrow('INGEST_DELIVERY_TIMEOUT');
    expect(withTimeouts('10s', '30s').limits.bodyTimeoutMs).toBe(18_500);
  });

  it('guarantee 3: the producer of metrics.raw compresses as it is told, and lets nobody wait for others while brokers answer', async () => {
    broker = await BrokerProxy.start();
    const repetitive = batch(500).map((each) => ({ ...each, labels: { path: '/a'.repeat(100) } }));
    const bytesSentWith = async (compression: string): Promise<number> => {
      const env = {
        KAFKA_BOOTSTRAP_SERVERS: broker!.bootstrapServers,
        KAFKA_COMPRESSION: compression,
        INGEST_LINGER: '1s',
      };
      ingest = await IngestApp.start({ env });
      expect(await ingest.post(metric())).toMatchObject({ status: 202 }); // the first has more to wait for
      expect(await secondsOfThree(() => ingest!.post(metric()))).toBeLessThan(0.95);
      expect(await secondsOfThree(() => ingest!.post(repetitive))).toBeLessThan(0.95);
      const before = broker!.bytesSent;
      expect(await ingest.post(repetitive)).toMatchObject({ status: 202 });
      const sent = broker!.bytesSent - before;
      await ingest.close();
      ingest = undefined;
      return sent;
    };
    const asTheyAre = await bytesSentWith('none');
    expect(asTheyAre).toBeGreaterThan(500 * 200);
    expect(await bytesSentWith('zstd')).toBeLessThan(asTheyAre / 4);
  });

  it('guarantee 4: no header of a caller makes a record that cannot be sent', async () => {
    ingest = await IngestApp.start();
    for (const [name, value] of [
      ['x-correlation-id', ''],
      ['x-correlation-id', 'x'.repeat(500)],
      ['x-correlation-id', 'with spaces and "quotes"'],
      ['traceparent', ''],
      ['traceparent', 'null'],
    ] as const)
      expect(await ingest.post(metric(), { headers: { [name]: value } })).toMatchObject({ status: 202 });
    const records = await eventually(
      () => ingest!.allRecords,
      (all) => all.length === 5,
    );
    for (const { headers } of records) for (const { value } of headers) expect(value?.length).toBeGreaterThan(0);
  });

  it('answers 503 while Kafka was never there, and takes metrics in once it is', async () => {
    broker = await BrokerProxy.start({ away: true });
    ingest = await IngestApp.start({ env: { KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers }, ready: false });
    expect(await ingest.post(metric())).toMatchObject({ status: 503, body: { code: 'tenants_unavailable' } });
    expect((await ingest.get('/health/live')).status).toBe(200);
    expect((await ingest.get('/health/ready')).status).toBe(503);

    await ingest.tenants.publish(ingest.tenant);
    await ingest.tenants.publishSentinel();
    await broker.resume();
    await eventually(
      () => ingest!.post(metric()),
      ({ status }) => status === 202,
      { timeoutMs: 60_000 },
    );
  });

  it('is not ready while the registry is away at the start, loses nothing, and needs it no more once it was there', async () => {
    const { url } = engines().schemaRegistry;
    const registry = await TcpProxy.before(url, { away: true });
    ingest = await IngestApp.start({ env: { SCHEMA_REGISTRY_URL: registry.url(url) }, ready: false });
    await ingest.tenants.publish(ingest.tenant);
    await ingest.tenants.publishSentinel();

    expect((await ingest.get('/health/ready')).status).toBe(503);
    const refused = await ingest.post(metric());
    expect(refused).toMatchObject({
      status: 503,
      body: { code: expect.stringMatching(/^(?:tenants|schema)_unavailable$/) },
    });

    await registry.resume();
    await ingest.untilReady();
    expect(await ingest.post(metric(), { headers: { 'x-correlation-id': 'up' } })).toMatchObject({ status: 202 });

    await registry.cut();
    const late = await ingest.post(metric(), { headers: { 'x-correlation-id': 'down-again' } });
    expect(late).toMatchObject({ status: 202 });
    expect(await decoded(await ingest.records('down-again', 1))).toMatchObject([{ name: 'cpu_seconds_total' }]);
    await eventually(
      async () => (await ingest!.get('/health/schema-registry')).text,
      (text) => text.includes('"degraded"'),
    );
    expect((await ingest.get('/health/ready')).status).toBe(200);
    expect(ingest.allRecords).toHaveLength(2);
  });
});

async function secondsOf(answer: Promise<unknown>): Promise<number> {
  const since = performance.now();
  expect(await answer).toMatchObject({ status: 202 });
  return (performance.now() - since) / 1_000;
}

/** The median of three, one after the other. */
const secondsOfThree = async (post: () => Promise<unknown>): Promise<number> =>
  median([await secondsOf(post()), await secondsOf(post()), await secondsOf(post())]);
