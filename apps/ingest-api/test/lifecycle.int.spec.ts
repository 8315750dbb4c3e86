import { Agent, request as httpRequest } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';
import { HealthRegistry } from '@weir/telemetry';
import { eventually } from '@weir/testing';

import { BrokerProxy } from './support/broker-proxy.js';
import { IngestApp, metric } from './support/ingest-app.js';
import { send } from './support/post.js';

describe('ingest-api as a process', () => {
  let ingest: IngestApp | undefined;

  afterEach(() => ingest?.close());

  it('answers what is in flight when it is told to end, and refuses what comes after', async () => {
    const broker = await BrokerProxy.start();
    ingest = await IngestApp.start({
      env: {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        INGEST_DELIVERY_TIMEOUT: '40s',
        INGEST_HTTP_TIMEOUT: '60s',
      },
    });
    broker.stall();
    const early = ingest.post(metric(), { headers: { 'x-correlation-id': 'in-flight' } });
    await eventually(
      async () => (await ingest!.get('/health/producer')).text,
      (text) => text.includes('"records":1'),
    );

    ingest.app.get(HealthRegistry).shuttingDown();
    const late = await ingest.post(metric());
    expect(late).toMatchObject({ status: 503, body: { code: 'shutting_down' } });
    expect(late.headers).toMatchObject({ 'retry-after': '1', connection: 'close' });

    const closed = ingest.app.close();
    await broker.cut();
    await broker.resume();
    expect(await early).toMatchObject({ status: 202 });
    expect(await ingest.records('in-flight', 1)).toHaveLength(1);
    await closed;
    await expect(ingest.post(metric())).rejects.toThrow('ECONNREFUSED');
    await broker.cut();
  });

  it('serves health and metrics without Kafka, and says that it takes nothing in', async () => {
    ingest = await IngestApp.start({ env: { KAFKA_ENABLED: 'false' }, ready: false });
    const answer = await ingest.post(metric());
    expect(answer).toMatchObject({ status: 503, body: { code: 'kafka_disabled' } });
    expect(answer.headers['retry-after']).toBe('60');
    expect((await ingest.get('/health/live')).status).toBe(200);
    expect((await ingest.get('/metrics')).text).toContain(
      'weir_ingest_rejected_requests_total{code="kafka_disabled"} 1',
    );
  });

  it('bounds what is in flight, by requests and by bytes, and frees it again', async () => {
    ingest = await IngestApp.start({
      env: {
        INGEST_MAX_IN_FLIGHT_REQUESTS: '2',
        INGEST_MAX_IN_FLIGHT_BYTES: '3000',
        INGEST_MAX_BODY_BYTES: '2800',
        INGEST_MAX_DECOMPRESSED_BYTES: '1000',
        INGEST_MAX_SAMPLES: '1',
        INGEST_TENANT_IN_FLIGHT_SHARE: '1',
      },
    });
    const first = await begin(ingest, 2400);
    expect(await ingest.post(metric({ labels: { a: 'x'.repeat(700) } }))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'overloaded' },
    });
    const chunked = await ingest.post(metric({ labels: { a: 'x'.repeat(700) } }), { chunked: true });
    expect(chunked).toMatchObject({ status: 503, body: { code: 'overloaded' } });
    expect(await ingest.post(metric())).toMatchObject({ status: 202 });

    const second = await begin(ingest, 100);
    expect(await ingest.post(metric())).toMatchObject({ status: 503, body: { code: 'overloaded' } });

    first.destroy();
    second.destroy();
    await eventually(
      () => ingest!.post(metric({ labels: { a: 'x'.repeat(700) } })),
      ({ status }) => status === 202,
    );
    await eventually(
      async () => (await ingest!.get('/metrics')).text,
      (text) => text.includes('weir_ingest_in_flight_bytes 0'),
    );
  });

  it('counts requests and samples by what became of them', async () => {
    ingest = await IngestApp.start();
    await ingest.post([metric(), metric(), { name: 'x' }]);
    await ingest.post(metric());
    await ingest.post('nonsense');
    const { text } = await ingest.get('/metrics');
    for (const line of [
      'weir_ingest_requests_total{status="202"} 1',
      'weir_ingest_requests_total{status="207"} 1',
      'weir_ingest_requests_total{status="400"} 1',
      'weir_ingest_samples_total{verdict="accepted"} 3',
      'weir_ingest_samples_total{verdict="value_invalid"} 1',
      'weir_ingest_rejected_requests_total{code="invalid_json"} 1',
      `weir_ingest_tenant_samples_total{tenant="${ingest.tenant.tenant_id}"} 3`,
    ])
      expect(text).toContain(line);
  });

  it('describes the route in its OpenAPI document', async () => {
    ingest = await IngestApp.start({ ready: false });
    const { body } = await ingest.get('/docs-json');
    expect(body).toMatchObject({
      paths: {
        '/api/v1/metrics': {
          post: { responses: { 202: expect.anything(), 207: expect.anything(), 503: expect.anything() } },
        },
      },
      components: { schemas: { Metric: expect.anything(), Problem: expect.anything() } },
    });
  });

  it('serves many requests of one connection, refused ones among them', async () => {
    ingest = await IngestApp.start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const headers = { 'content-type': 'application/json', 'x-api-key': ingest.key.apiKey };
    for (const [body, expected] of [
      [JSON.stringify(metric()), 202],
      ['nonsense', 400],
      [' '.repeat(6_000_000), 413],
      [JSON.stringify(metric()), 202],
    ] as const)
      expect((await send(ingest.url, body, { headers, agent })).status).toBe(expected);
    agent.destroy();
  });
});

/** A request that has sent its head and waits; the app holds a place and the bytes for it. */
async function begin(ingest: IngestApp, contentLength: number) {
  const before = await inFlight(ingest);
  const request = httpRequest(`${ingest.url}/api/v1/metrics`, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'x-api-key': ingest.key.apiKey,
      'content-length': String(contentLength),
    },
  });
  request.on('error', () => undefined);
  request.write('{');
  await eventually(
    () => inFlight(ingest),
    (count) => count > before,
  );
  return request;
}

async function inFlight(ingest: IngestApp): Promise<number> {
  const { text } = await ingest.get('/metrics');
  return Number(/^weir_ingest_in_flight_requests (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}
