import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Traces } from '@weir/telemetry';
import { eventually, OtlpReceiver } from '@weir/testing';

import { closeWithin } from '../src/lifecycle/close-within.js';
import { type Service, startFixture } from './service-fixture.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traces of a service', () => {
  const collector = new OtlpReceiver();
  let service: Service | undefined;
  beforeEach(() => collector.start());
  afterEach(async () => {
    if (service !== undefined) await closeWithin(service.app, 500);
    service = undefined;
    await collector.stop();
    collector.spans.length = 0;
    collector.requests.length = 0;
    collector.status = 200;
  });

  const start = async (more: Readonly<Record<string, string>> = {}): Promise<Service> => {
    service = await startFixture(
      {},
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '20', ...more },
    );
    return service;
  };

  it.each(['http/protobuf', 'http/json'])('tell of a call as a part of its caller’s trace, by %s', async (protocol) => {
    const { url, logs } = await start({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-token=a%20secret',
      OTEL_EXPORTER_OTLP_COMPRESSION: protocol === 'http/json' ? 'gzip' : 'none',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test',
      OTEL_SERVICE_NAME: 'named',
    });
    const answer = await postSlowly(url, { traceparent: `00-${TRACE}-${SPAN}-01` });
    expect([answer.status, answer.headers.get('x-correlation-id')]).toEqual([201, 'c-1']);

    const [span] = await eventually(
      () => collector.ofTrace(TRACE),
      ({ length }) => length > 0,
    );
    expect(span).toMatchObject({
      service: 'named',
      parentSpanId: SPAN,
      name: 'POST /api/things',
      kind: 'server',
      status: 'unset',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/api/things',
        'http.response.status_code': 201,
        'url.path': '/api/things',
        'weir.correlation_id': 'c-1',
      },
    });
    expect(JSON.stringify(span)).not.toContain('hidden');
    expect(collector.requests[0]).toMatchObject({ 'x-token': 'a secret' });
    // Also past the reading of the body, which comes from elsewhere.
    const created = logs
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ message }) => message === 'created');
    expect(created).toMatchObject({ trace_id: TRACE, span_id: span?.spanId });
  });

  it('begin a trace for a caller who has none, follow one who does not record, and leave health alone', async () => {
    const { url } = await start();
    await fetch(`${url}/health/live`);
    await fetch(`${url}/metrics`);
    await post(url, { traceparent: `00-${TRACE}-${SPAN}-00` });
    await fetch(`${url}/api/nothing-here`);
    await post(url, { traceparent: '00-nonsense' });
    await fetch(`${url}/api/things/fail/store`);
    const spans = await eventually(
      () => collector.spans,
      ({ length }) => length >= 2,
    );
    expect(spans.map(({ name, parentSpanId, status }) => [name, parentSpanId, status])).toEqual([
      ['POST /api/things', null, 'unset'],
      ['GET /api/things/fail/:how', null, 'error'],
    ]);
    expect(spans[1]?.attributes).toMatchObject({ 'error.type': '503' });
  });

  it('are sent before the process ends, whatever they would have waited for', async () => {
    const { url, app } = await start({ OTEL_BSP_SCHEDULE_DELAY: '1h' });
    await post(url);
    expect(collector.spans).toEqual([]);
    expect(await closeWithin(app, 20_000)).toEqual({ kind: 'closed' });
    expect(collector.named('POST /api/things')).toHaveLength(1);
  });

  it('cost nobody anything where the collector is away: one line in the log, and an end in time', async () => {
    const { url, app, logs } = await start({
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
      OTEL_EXPORTER_OTLP_TIMEOUT: '50',
      OTEL_BSP_EXPORT_TIMEOUT: '500',
    });
    await collector.stop();
    const told = (): string[] => logs.filter((line) => line.includes('collector'));
    for (let round = 0; round < 3; round += 1) {
      for (let call = 0; call < 20; call += 1) expect((await post(url)).status).toBe(201);
      await eventually(told, ({ length }) => length > 0);
    }
    expect(told()).toEqual([expect.stringContaining('does not take spans')]);
    await collector.start();
    await eventually(
      async () => {
        await post(url);
        return told();
      },
      ({ length }) => length > 1,
    );
    expect(told()[1]).toContain('takes spans again');

    await collector.stop();
    await post(url);
    expect(await closeWithin(app, 20_000)).toEqual({ kind: 'closed' });
  });

  it('are off unless somebody says where they go', async () => {
    service = await startFixture();
    expect(service.app.get(Traces)).toBeNull();
    await post(service.url, { traceparent: `00-${TRACE}-${SPAN}-01` });
    expect(service.logs.join('')).not.toContain('trace_id');
  });
});

const post = (url: string, headers: object = {}): Promise<Response> =>
  fetch(`${url}/api/things?token=hidden`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-correlation-id': 'c-1', ...headers },
    body: '{}',
  });
/** Its body comes when its headers have long been read. */
const postSlowly = (url: string, headers: object): Promise<Response> => {
  const body = new ReadableStream<string>({
    async pull(controller) {
      await wait(50);
      controller.enqueue('{}');
      controller.close();
    },
  }).pipeThrough(new TextEncoderStream());
  const all = { 'content-type': 'application/json', 'x-correlation-id': 'c-1', ...headers };
  return fetch(`${url}/api/things?token=hidden`, { method: 'POST', headers: all, body, duplex: 'half' });
};
