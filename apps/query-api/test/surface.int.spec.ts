import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { QueryApp } from './support/query-app.js';

const POINTS = 'name=load1';

describe('query-api, as HTTP', () => {
  let query: QueryApp;

  beforeAll(async () => {
    query = await QueryApp.start();
  });

  afterAll(() => query.close());

  it('answers HEAD with the head of a GET', async () => {
    const headers = { 'x-api-key': query.key.apiKey };
    const head = await query.send(`/api/v1/metrics?${POINTS}`, { method: 'HEAD', headers });
    expect(head).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(await query.send('/api/v1/metrics', { method: 'HEAD', headers })).toMatchObject({ status: 422, text: '' });
  });

  it('refuses headers and URLs past 16 KiB with 431, and answers just below', async () => {
    expect(await query.ask('', `${POINTS}&label.a=${'x'.repeat(17_000)}`)).toMatchObject({
      status: 431,
      body: { code: 'headers_too_large' },
    });
    expect(await query.ask('', `${POINTS}&label.a=${'x'.repeat(15_000)}`)).toMatchObject({ status: 200 });
    expect(await query.ask(`/labels/${'x'.repeat(255)}/values`)).toMatchObject({ status: 200, body: { values: [] } });
    expect(await query.ask(`/labels/${'x'.repeat(5_000)}/values`)).toMatchObject({
      status: 414,
      body: { code: 'uri_too_long' },
    });
  });

  it('describes by OpenAPI every address, its parameters and the codes that it may be refused with', async () => {
    const { body } = await query.send('/docs-json');
    const { paths } = body as { paths: Record<string, { get: { parameters: { name: string }[]; responses: object } }> };
    const api = Object.entries(paths).filter(([path]) => path.startsWith('/api/'));
    expect(api).toHaveLength(6);
    for (const [, { get }] of api) {
      expect(get.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['name', 'environment', 'label']));
      expect(Object.keys(get.responses)).toEqual(expect.arrayContaining(['400', '401', '403', '422', '429', '503']));
    }
  });

  it('counts each answer by its route and status, under no label that a caller chooses', async () => {
    await query.ask('/labels/host/values', 'limit=0');
    await query.ask('', POINTS, { 'x-api-key': 'nonsense' });
    await query.ask('/nothing', POINTS);
    const { text } = await query.send('/metrics');
    expect(text).toContain('weir_query_requests_total{route="/api/v1/metrics/labels/:label/values",status="422"}');
    expect(text).toContain('weir_query_requests_total{route="/api/v1/metrics",status="401"}');
    expect(text.match(/route="[^"]*nothing/)).toBeNull();
  });
});
