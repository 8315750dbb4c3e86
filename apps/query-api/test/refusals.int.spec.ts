import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ProblemCode } from '../src/http/problems.js';
import { QueryApp } from './support/query-app.js';
import { newKey, newTenant } from './support/tenants.js';

const POINTS = 'name=load1';
const AGGREGATE = 'name=load1&agg=sum&step=1m';
const revoked = newKey({ revoked_at: 1 });
const expired = newKey({ expires_at: 1 });
const ingestOnly = newKey({ scopes: ['ingest'] });
const suspended = newKey();
const WITHOUT_KEY = { 'x-api-key': '' };

/** A path below /api/v1/metrics, a query string and headers. */
type Request = readonly [path: string, query: string, headers?: Readonly<Record<string, string>>];
/** What a caller can cause by a request alone. The rest stands in faults.int.spec.ts. */
type Caused = Exclude<
  ProblemCode,
  'too_many_queries' | 'caller_gone' | 'store_unavailable' | 'tenants_unavailable' | 'kafka_disabled'
>;

/** Every code that a request can be refused with, so that one without a test does not compile. */
const REFUSED: Readonly<Record<Caused, readonly [status: number, ...requests: Request[]]>> = {
  malformed_url: [400, ['', 'name=%ff'], ['', `${POINTS}&label.host=%`], ['/series', '%E0%A4=x'], ['/%E0%A4%A', '']],
  api_key_missing: [401, ['', POINTS, WITHOUT_KEY], ['/names', '', { ...WITHOUT_KEY, authorization: 'Basic eDp5' }]],
  api_key_invalid: [
    401,
    ['', POINTS, { 'x-api-key': 'nonsense' }],
    ['/query', AGGREGATE, { 'x-api-key': newKey().apiKey }],
    ['/labels', '', { 'x-api-key': `wk_${'a'.repeat(10_000)}_b` }],
    ['', POINTS, { ...WITHOUT_KEY, authorization: `Bearer ${newKey().apiKey}` }],
  ],
  api_key_revoked: [401, ['', POINTS, { 'x-api-key': revoked.apiKey }]],
  api_key_expired: [401, ['', POINTS, { 'x-api-key': expired.apiKey }]],
  scope_missing: [
    403,
    ['', POINTS, { 'x-api-key': ingestOnly.apiKey }],
    ['/labels/host/values', '', { 'x-api-key': ingestOnly.apiKey }],
  ],
  tenant_suspended: [403, ['', POINTS, { 'x-api-key': suspended.apiKey }]],
  parameter_missing: [
    422,
    ['', ''],
    ['', 'name='],
    ['/query', 'name=load1&agg=sum'],
    ['/query', 'name=load1&step=1m'],
    ['/query', 'agg=sum&step=1m'],
    ['/series', 'cursor='],
    ['', `${POINTS}&from=`],
  ],
  parameter_unknown: [
    422,
    ['', `${POINTS}&lable.host=a`],
    ['', `${POINTS}&label.=a`],
    ['', `${POINTS}&step=1m`],
    ['', `${POINTS}&tenant=other`],
    ['/query', `${AGGREGATE}&limit=5`],
    ['/names', 'from=0'],
    ['/labels/host/values', 'by=host'],
    ['/series', '__proto__=x'],
  ],
  parameter_repeated: [
    422,
    ['', 'name=a&name=b'],
    ['', `${POINTS}&label.a=1&label.a=1`],
    ['/names', 'limit=1&limit=2'],
  ],
  parameter_unreadable: [
    422,
    ['', 'name=a%00b'],
    ['', `${POINTS}&label.a=%00`],
    ['', `${POINTS}&label.%00=a`],
    ['/query', `${AGGREGATE}&by=%00`],
    ['/series', 'environment=%00'],
    ['/labels/a%00/values', ''],
  ],
  time_unreadable: [
    422,
    ['', `${POINTS}&from=yesterday`],
    ['', `${POINTS}&to=2026-11-21T12:00:00`],
    ['', `${POINTS}&from=2026-11-21T12:00:00+01:00`], // a bare plus is a space
    ['/query', `${AGGREGATE}&from=-1`],
    ['/query', `${AGGREGATE}&to=9999999999999999`],
  ],
  range_empty: [
    422,
    ['', `${POINTS}&from=5&to=5`],
    ['/query', `${AGGREGATE}&from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z`],
  ],
  duration_unreadable: [
    422,
    ...['0s', '5', '1w', '1.5h', '-5m', '1m30s', '999999999d'].map((step): Request => [
      '/query',
      `name=a&agg=sum&step=${step}`,
    ]),
  ],
  limit_out_of_range: [
    422,
    ...['0', '101', '-1', '1e1', '10.0', 'all', '99999999999999999999'].map((limit): Request => [
      '',
      `${POINTS}&limit=${limit}`,
    ]),
    ...['', '/names', '/labels', '/labels/host/values', '/series'].map((path): Request => [
      path,
      `${path === '' ? 'name=a&' : ''}limit=1000`,
    ]),
  ],
  aggregation_unknown: [
    422,
    ['/query', 'name=a&step=1m&agg=median'],
    ['/query', 'name=a&step=1m&agg=SUM'],
    ['/query', 'name=a&step=1m&agg=constructor'],
  ],
  grouping_unreadable: [
    422,
    ['/query', `${AGGREGATE}&by=a,,b`],
    ['/query', `${AGGREGATE}&by=a,a`],
    ['/query', `${AGGREGATE}&by=${'abcdefghijklmnopq'.split('').join(',')}`],
  ],
  cursor: [
    422,
    ['', `${POINTS}&cursor=1`],
    ['/names', 'cursor=%27%20OR%201%3D1'],
    ['/labels', 'cursor=WyJhIl0'],
    ['/series', 'cursor=WyJhIiwiYiJd'],
  ],
  value_out_of_range: [
    422,
    ['/query', 'name=huge&agg=sum&step=1h&from=0&to=3600000'],
    ['/query', 'name=apart&agg=p50&step=1h&from=0&to=3600000'],
  ],
  query_over_budget: [
    422,
    ['', 'name=many'],
    ['/query', 'name=many&agg=sum&step=1m'],
    ['/query', `${AGGREGATE}&from=0&to=8640000000000000`],
    ['/query', 'name=long&agg=p99&step=1h&from=0&to=3600000'],
  ],
};

const at = (name: string, timestampMs: number, value: number) => ({ name, timestampMs, value });

describe('query-api refuses', () => {
  let query: QueryApp;

  beforeAll(async () => {
    query = await QueryApp.start({
      env: { QUERY_MAX_SERIES: '3', QUERY_MAX_POINTS: '1000', QUERY_MAX_SAMPLES: '10' },
      ready: false,
    });
    await query.tenants.publish(
      newTenant({ state: 'suspended', keys: [suspended.entry] }),
      newTenant({ keys: [revoked.entry, expired.entry, ingestOnly.entry] }),
    );
    await query.becomeReady();
    await query.stored.write(query.tenant.tenant_id, [
      ...['a', 'b', 'c', 'd'].map((host) => ({ name: 'many', labels: { host } })),
      { name: 'load1' },
      at('huge', 1, Number.MAX_VALUE),
      at('huge', 2, Number.MAX_VALUE),
      at('apart', 1, -Number.MAX_VALUE),
      at('apart', 2, Number.MAX_VALUE),
      ...Array.from({ length: 11 }, (_, i) => at('long', i, i)),
    ]);
  });

  afterAll(() => query.close());

  const cases = Object.entries(REFUSED).flatMap(([code, [status, ...requests]]) =>
    requests.map(([path, asked, headers = {}]) => [status, code, path, asked, headers] as const),
  );

  it.each(cases)('with %i %s: %s?%s', async (status, code, path, asked, headers) => {
    const answer = await query.ask(path, asked, { 'x-correlation-id': 'this-one', ...headers });
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } });
    expect(answer.body).toMatchObject({
      type: 'about:blank',
      title: expect.any(String),
      status,
      code,
      detail: expect.any(String),
    });
    expect(answer.headers['x-correlation-id']).toBe('this-one');
  });

  it('says with 401 how to authenticate, and lets no cache keep an answer', async () => {
    const refused = await query.ask('', POINTS, WITHOUT_KEY);
    expect(refused.headers).toMatchObject({ 'www-authenticate': 'Bearer realm="weir"', 'cache-control': 'no-store' });
    expect((await query.ask('', POINTS)).headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['maxSeries', 3, '', 'name=many'],
    ['maxPoints', 1000, '/query', 'name=load1&agg=sum&step=1s&from=0&to=1001000'],
    ['maxSamples', 10, '/query', 'name=long&agg=avg&step=1h&from=0&to=3600000'],
  ])('what is over the limit %s, naming it, and answers what is just within', async (limit, max, path, asked) => {
    expect(await query.ask(path, asked)).toMatchObject({
      status: 422,
      body: { code: 'query_over_budget', limit, max, detail: expect.stringContaining(limit) },
    });
    const within =
      {
        maxSeries: `${asked}&label.host=a`,
        maxPoints: asked.replace('1001000', '1000000'),
        maxSamples: asked.replace('from=0', 'from=1'),
      }[limit] ?? '';
    expect((await query.ask(path, within)).status).toBe(200);
  });

  it.each(['/nothing', '/names/', '/query/x', '/labels/host', '/labels//values'])(
    'nothing that is not there: 404 to %s',
    async (path) => {
      expect(await query.ask(path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'the method %s with 405, saying what is allowed',
    async (method) => {
      const answer = await query.send(`/api/v1/metrics?${POINTS}`, {
        method,
        headers: { 'x-api-key': query.key.apiKey },
      });
      expect(answer).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD' },
        body: { code: 'method_not_allowed' },
      });
    },
  );
});
