import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, OtlpReceiver } from '@weir/testing';

import { headerOf, IngestApp, metric } from './support/ingest-app.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

describe('traces of what is taken in', () => {
  const collector = new OtlpReceiver();
  let ingest: IngestApp;

  beforeAll(async () => {
    await collector.start();
    ingest = await IngestApp.start({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '20' },
    });
  });

  afterAll(async () => {
    await ingest.close();
    await collector.stop();
  });

  it('go on with the records: each names the span that sent it, which is a part of the call’s', async () => {
    const traceparent = `00-${TRACE}-${CALLER}-01`;
    const answer = await ingest.post([metric(), metric({ value: 'x' }), metric()], {
      headers: { 'x-correlation-id': 'sampled', traceparent },
    });
    expect(answer.status).toBe(207);

    const spans = await eventually(
      () => collector.ofTrace(TRACE),
      ({ length }) => length === 2,
    );
    const [call, sent] = [spans.find(({ kind }) => kind === 'server'), spans.find(({ kind }) => kind === 'producer')];
    expect(call).toMatchObject({ name: 'POST /api/v1/metrics', parentSpanId: CALLER, service: 'ingest-api' });
    expect(sent).toMatchObject({
      name: `send ${ingest.rawTopic}`,
      parentSpanId: call?.spanId,
      status: 'unset',
      attributes: {
        'messaging.system': 'kafka',
        'messaging.destination.name': ingest.rawTopic,
        'messaging.batch.message_count': 2,
        'weir.tenant_id': ingest.tenant.tenant_id,
      },
    });
    for (const record of await ingest.records('sampled', 2))
      expect(headerOf(record, 'traceparent')).toBe(`00-${TRACE}-${sent?.spanId}-01`);
  });

  it('leave the caller’s traceparent as it came where the caller does not record', async () => {
    const traceparent = `00-${TRACE}-${CALLER}-00`;
    await ingest.post(metric(), { headers: { 'x-correlation-id': 'unsampled', traceparent } });
    const [record] = await ingest.records('unsampled', 1);
    expect(record === undefined ? null : headerOf(record, 'traceparent')).toBe(traceparent);
  });

  it('say why nothing was sent', async () => {
    const before = collector.named('POST /api/v1/metrics').length;
    await ingest.post(metric({ value: 'x' }));
    const calls = await eventually(
      () => collector.named('POST /api/v1/metrics'),
      ({ length }) => length > before,
    );
    expect(calls.at(-1)).toMatchObject({ status: 'unset', attributes: { 'http.response.status_code': 422 } });
  });
});
