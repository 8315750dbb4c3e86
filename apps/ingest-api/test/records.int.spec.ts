import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { decoded, headerOf, IngestApp, metric } from './support/ingest-app.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the records in metrics.raw', () => {
  let ingest: IngestApp;

  beforeAll(async () => {
    ingest = await IngestApp.start();
  });

  afterAll(() => ingest.close());

  it('hold what was posted, whose it is, and when it came', async () => {
    const before = Date.now();
    const labels = { path: '/ü 🦦', constructor: 'x', a: '' };
    const sent = [
      metric({ timestamp: before, value: -1e-7, labels, environment: 'prod' }),
      metric({ timestamp: new Date(before - 1000).toISOString(), labels: null }),
    ];
    expect(await ingest.post(sent, { headers: { 'x-correlation-id': 'whole' } })).toMatchObject({ status: 202 });

    const events = await decoded(await ingest.records('whole', 2));
    const common = { name: 'cpu_seconds_total', tenant_id: ingest.tenant.tenant_id };
    expect(events).toContainEqual({
      ...common,
      value: -1e-7,
      timestamp: before,
      labels,
      environment: 'prod',
      ingested_at: expect.any(Number),
    });
    expect(events).toContainEqual(
      expect.objectContaining({ ...common, timestamp: before - 1000, labels: {}, environment: null }),
    );
    for (const { ingested_at } of events) expect(ingested_at).toBeGreaterThanOrEqual(before);
  });

  it('carry correlation id, source and a valid traceparent, and nothing else', async () => {
    await ingest.post(metric(), { headers: { 'x-correlation-id': 'traced', traceparent: TRACEPARENT } });
    await ingest.post(metric(), { headers: { 'x-correlation-id': 'untraced', traceparent: '00-nonsense' } });

    const [[traced], [untraced]] = [await ingest.records('traced', 1), await ingest.records('untraced', 1)];
    expect(traced?.headers.map(({ key, value }) => [key, value?.toString()])).toEqual([
      ['correlation-id', 'traced'],
      ['source', 'ingest-api'],
      ['traceparent', TRACEPARENT],
    ]);
    expect(untraced?.headers.map(({ key }) => key)).toEqual(['correlation-id', 'source']);
  });

  it('of one series lie in one partition, in the order of the requests, whatever the order of labels', async () => {
    for (const value of [1, 2, 3, 4])
      await ingest.post(metric({ value, labels: value % 2 === 0 ? { a: '1', b: '2' } : { b: '2', a: '1' } }), {
        headers: { 'x-correlation-id': 'ordered' },
      });
    const records = await ingest.records('ordered', 4);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    expect(new Set(records.map(({ key }) => key?.toString()))).toEqual(
      new Set([`${ingest.tenant.tenant_id}/cpu_seconds_total{a="1",b="2"}`]),
    );
    expect((await decoded(records)).map(({ value }) => value)).toEqual([1, 2, 3, 4]);
  });

  it('of many series spread over the partitions', async () => {
    const many = Array.from({ length: 200 }, (_, n) => metric({ labels: { n: String(n) } }));
    await ingest.post(many, { headers: { 'x-correlation-id': 'many' } });
    const records = await ingest.records('many', 200);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(12);
  });
});

describe('guarantee 6: whose a record is', () => {
  let ingest: IngestApp | undefined;

  afterEach(() => ingest?.close());

  it.each(['v1', 'v2'])('a %s record says its tenant in a header', async (version) => {
    ingest = await IngestApp.start({ env: { INGEST_SCHEMA_VERSION: version } });
    await ingest.post(metric({ environment: 'prod' }), { headers: { 'x-correlation-id': 'old' } });
    const records = await ingest.records('old', 1);
    expect(records.map((record) => headerOf(record, 'tenant-id'))).toEqual([ingest.tenant.tenant_id]);
    expect(await decoded(records)).toMatchObject([
      { tenant_id: '', ingested_at: 0, environment: version === 'v1' ? null : 'prod', value: 1.5 },
    ]);
  });

  it('a v3 record says it in its body alone', async () => {
    ingest = await IngestApp.start();
    await ingest.post(metric(), { headers: { 'x-correlation-id': 'new', 'tenant-id': 'somebody-else' } });
    const records = await ingest.records('new', 1);
    expect(records.map((record) => headerOf(record, 'tenant-id'))).toEqual([undefined]);
    expect(await decoded(records)).toMatchObject([{ tenant_id: ingest.tenant.tenant_id }]);
  });
});
