import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '@weir/avro';

import { IngestApp, metric } from './support/ingest-app.js';
import { send } from './support/post.js';
import { newKey, newTenant } from './support/tenants.js';

/** Every line of the table of answers, over HTTP, with small limits so that each can be reached. */
describe('POST /api/v1/metrics', () => {
  const limits = {
    INGEST_MAX_BODY_BYTES: '20000',
    INGEST_MAX_DECOMPRESSED_BYTES: '40000',
    INGEST_MAX_SAMPLES: '50',
    // A body has what is left of it: some five seconds.
    INGEST_HTTP_TIMEOUT: '17s',
    INGEST_DELIVERY_TIMEOUT: '10s',
  };
  const suspended = newKey();
  const queryOnly = newKey({ scopes: ['query'] });
  const revoked = newKey({ revoked_at: 1 });
  const expired = newKey({ expires_at: 1 });
  const strict = newKey();
  let ingest: IngestApp;

  beforeAll(async () => {
    ingest = await IngestApp.start({ env: limits, ready: false });
    await ingest.tenants.publish(
      newTenant({ state: 'suspended', keys: [suspended.entry] }),
      newTenant({ keys: [queryOnly.entry, revoked.entry, expired.entry] }),
      newTenant({ keys: [strict.entry], limits: { ...DEFAULT_LIMITS, max_labels: 1, past_window_ms: 60_000 } }),
    );
    await ingest.becomeReady();
  });

  afterAll(() => ingest.close());

  describe('202 where all of it is in', () => {
    it.each([
      ['one metric', metric(), 1],
      ['an array', [metric(), metric()], 2],
      ['an envelope', { metrics: [metric(), metric(), metric()] }, 3],
      ['a timestamp by RFC 3339', metric({ timestamp: new Date().toISOString() }), 1],
    ])('takes %s', async (_, body, accepted) => {
      const answer = await ingest.post(body);
      expect(answer).toMatchObject({ status: 202, body: { accepted } });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    });

    it('takes NDJSON, gzip, both together, and bodies without a length', async () => {
      const lines = `${JSON.stringify(metric())}\n\n${JSON.stringify(metric())}\r\n`;
      const ndjson = { 'content-type': 'application/x-ndjson' };
      const gzip = { 'content-encoding': 'gzip' };
      expect(await ingest.post(lines, { headers: ndjson })).toMatchObject({ status: 202, body: { accepted: 2 } });
      expect(await ingest.post(gzipSync(JSON.stringify(metric())), { headers: gzip })).toMatchObject({ status: 202 });
      expect(await ingest.post(gzipSync(lines), { headers: { ...ndjson, ...gzip } })).toMatchObject({ status: 202 });
      expect(await ingest.post(metric(), { chunked: true })).toMatchObject({ status: 202 });
    });

    it('takes the key as a bearer token, and says the correlation id that it was told or made', async () => {
      const headers = { 'content-type': 'application/json', 'x-correlation-id': 'my-own' };
      const authorization = `Bearer ${ingest.key.apiKey}`;
      const told = await send(ingest.url, JSON.stringify(metric()), { headers: { ...headers, authorization } });
      expect(told).toMatchObject({ status: 202, headers: { 'x-correlation-id': 'my-own' } });
      const made = await ingest.post(metric());
      expect(made.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
    });
  });

  it('answers 207 with a line for each refused sample; the others are in', async () => {
    const body = [metric(), metric({ value: '1' }), 5, metric()];
    const answer = await ingest.post(body, { headers: { 'x-correlation-id': 'partly' } });
    expect(answer).toMatchObject({
      status: 207,
      body: {
        accepted: 2,
        rejected: [
          { index: 1, code: 'value_invalid', detail: expect.any(String) },
          { index: 2, code: 'not_an_object', detail: expect.any(String) },
        ],
      },
    });
    expect(await ingest.records('partly', 2)).toHaveLength(2);
  });

  it('counts the lines of NDJSON that are not blank, from 0', async () => {
    const body = `\n${JSON.stringify(metric())}\n\n{}\n`;
    const answer = await ingest.post(body, { headers: { 'content-type': 'application/x-ndjson' } });
    expect(answer).toMatchObject({ status: 207, body: { rejected: [{ index: 1, code: 'name_invalid' }] } });
  });

  it("holds samples to their own tenant's limits", async () => {
    const labels = { a: '1', b: '2' };
    expect(await ingest.post(metric({ labels }))).toMatchObject({ status: 202 });
    const headers = { 'x-api-key': strict.apiKey };
    expect(await ingest.post(metric({ labels }), { headers })).toMatchObject({
      status: 422,
      body: { rejected: [{ code: 'labels_too_many' }] },
    });
    expect(await ingest.post(metric({ timestamp: Date.now() - 300_000 }), { headers })).toMatchObject({
      status: 422,
      body: { rejected: [{ code: 'timestamp_too_old' }] },
    });
  });

  it('answers 422 with the same list where nothing is accepted', async () => {
    expect(await ingest.post([metric({ name: 'a-b' }), {}])).toMatchObject({
      status: 422,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      body: {
        type: 'about:blank',
        title: 'Every sample was refused',
        status: 422,
        code: 'all_rejected',
        accepted: 0,
        rejected: [
          { index: 0, code: 'name_invalid' },
          { index: 1, code: 'name_invalid' },
        ],
      },
    });
  });

  it.each(['', '[]', '{"metrics":[]}', ' \n '])('answers 422 empty to %j', async (body) => {
    expect(await ingest.post(body)).toMatchObject({ status: 422, body: { code: 'empty' } });
  });

  it('answers 422 empty to a POST of nothing at all', async () => {
    const headers = { 'x-api-key': ingest.key.apiKey };
    expect(await send(ingest.url, '', { headers })).toMatchObject({ status: 422, body: { code: 'empty' } });
    expect(await ingest.post('', { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 422,
      body: { code: 'empty' },
    });
  });

  it('answers 422 to an envelope that is none', async () => {
    expect(await ingest.post({ metrics: {} })).toMatchObject({ status: 422, body: { code: 'envelope_invalid' } });
    expect(await ingest.post({ metrics: [metric()], tenant: 'x' })).toMatchObject({
      status: 422,
      body: { code: 'envelope_invalid' },
    });
  });

  it.each<[number, string, string | Buffer, Record<string, string>]>([
    [400, 'invalid_json', '{"name"', {}],
    [400, 'invalid_json', '{}\nnot json', { 'content-type': 'application/x-ndjson' }],
    [400, 'invalid_utf8', Buffer.from([0x22, 0xff, 0x22]), {}],
    [400, 'invalid_gzip', 'plainly not', { 'content-encoding': 'gzip' }],
    [400, 'invalid_gzip', gzipSync('{}').subarray(0, 12), { 'content-encoding': 'gzip' }],
    [415, 'unsupported_media_type', '{}', { 'content-type': 'text/plain' }],
    [415, 'unsupported_media_type', '{}', { 'content-type': 'nonsense' }],
    [415, 'unsupported_charset', '{}', { 'content-type': 'application/json; charset=utf-16' }],
    [415, 'unsupported_encoding', '{}', { 'content-encoding': 'br' }],
    [413, 'body_too_large', ' '.repeat(20_001), {}],
    [413, 'decompressed_too_large', gzipSync(' '.repeat(40_001)), { 'content-encoding': 'gzip' }],
    [413, 'too_many_samples', `[${'{},'.repeat(50)}{}]`, {}],
  ])('answers %i %s', async (status, code, body, headers) => {
    const answer = await ingest.post(body, { headers });
    expect(answer).toMatchObject({
      status,
      body: { status, code, title: expect.any(String), detail: expect.any(String) },
    });
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers['x-correlation-id']).toBeDefined();
  });

  it('answers 415 to a body without a content type, and says which encodings it takes', async () => {
    const headers = { 'x-api-key': ingest.key.apiKey };
    expect(await send(ingest.url, '{}', { headers })).toMatchObject({
      status: 415,
      body: { code: 'unsupported_media_type' },
    });
    const answer = await ingest.post('{}', { headers: { 'content-encoding': 'zstd' } });
    expect(answer.headers['accept-encoding']).toBe('gzip, identity');
  });

  it('answers 413 to a body without a length once it grew too large', async () => {
    expect(await ingest.post(' '.repeat(100_000), { chunked: true })).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });

  it.each([
    ['api_key_missing', ''],
    ['api_key_invalid', 'nonsense'],
    ['api_key_invalid', newKey().apiKey],
    ['api_key_revoked', revoked.apiKey],
    ['api_key_expired', expired.apiKey],
  ])('answers 401 %s', async (code, apiKey) => {
    const answer = await ingest.post(metric(), { headers: { 'x-api-key': apiKey } });
    expect(answer).toMatchObject({ status: 401, body: { code } });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="weir"');
  });

  it('answers 403 to a key without the scope, and to a suspended tenant', async () => {
    expect(await ingest.post(metric(), { headers: { 'x-api-key': queryOnly.apiKey } })).toMatchObject({
      status: 403,
      body: { code: 'scope_missing' },
    });
    expect(await ingest.post(metric(), { headers: { 'x-api-key': suspended.apiKey } })).toMatchObject({
      status: 403,
      body: { code: 'tenant_suspended' },
    });
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('answers 405 to %s', async (method) => {
    const answer = await ingest.post('', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST');
  });

  it('answers 408 to a body that does not come', async () => {
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const request = httpRequest(`${ingest.url}/api/v1/metrics`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', 'x-api-key': ingest.key.apiKey, 'content-length': '100' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text });
          request.destroy();
        });
      });
      request.write('{');
    });
    expect(answer).toMatchObject({ status: 408, text: expect.stringContaining('"request_timeout"') });
  });

  it('refuses before it reads: a caller without a key cannot send us a body', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${ingest.url}/api/v1/metrics`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': '10000000' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      request.flushHeaders(); // and not a byte more
    });
    expect(answer).toBe(401);
  });
});
