import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Service, startFixture } from './service-fixture.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let service: Service;
beforeAll(async () => {
  service = await startFixture({}, { bodyLimit: 1_000, requestTimeoutMs: 5_000, headersTimeoutMs: 2_000 });
});
afterAll(() => service.app.close());

const call = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${service.url}${path}`, init);
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
};
const post = (body: string, type = 'application/json') =>
  call('/things', { method: 'POST', headers: { 'content-type': type }, body });

/** Sends bytes as they are and resolves with all that came back. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    socket.write(bytes);
  });

describe('an error over HTTP', () => {
  it.each([
    ['no route', () => call('/nowhere?x=1'), 404, 'not_found'],
    ['a method that the path has not', () => call('/things', { method: 'DELETE' }), 405, 'method_not_allowed'],
    ['a bad parameter', () => call('/things/number/x'), 400, 'bad_request'],
    ['a body that is no JSON', () => post('{"a":'), 400, 'invalid_json'],
    ['an empty body', () => post(''), 400, 'invalid_json'],
    ['a body that tries to poison prototypes', () => post('{"__proto__":{"x":1}}'), 400, 'invalid_json'],
    ['a body of another type', () => post('<a/>', 'application/xml'), 415, 'unsupported_media_type'],
    ['a body too large', () => post(JSON.stringify('x'.repeat(2_000))), 413, 'payload_too_large'],
    ['a malformed URL', () => call('/things/number/%zz'), 400, 'malformed_url'],
    ['a parameter too long', () => call(`/things/number/${'1'.repeat(200)}`), 414, 'uri_too_long'],
    ['a broken rule', () => call('/things/fail/rule'), 422, 'limit_out_of_range'],
    ['a system that is down', () => call('/things/fail/store'), 503, 'store_unavailable'],
    ['a problem of the app', () => call('/things/fail/problem'), 429, 'rate_limited'],
    ['what nobody foresaw', () => call('/things/fail/bug'), 500, 'internal_error'],
    ['a plain handler that answers with a problem', () => call('/plain/problem'), 503, 'kafka_disabled'],
    ['a plain handler that throws', () => call('/plain/bug'), 500, 'internal_error'],
  ])('is a problem with a stable code: %s', async (_, ask, status, code) => {
    const { status: got, headers, body } = await ask();
    expect({ got, body }).toEqual({
      got: status,
      body: expect.objectContaining({ status, code, title: expect.any(String) }),
    });
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(headers.get('x-correlation-id')).toMatch(UUID);
  });

  it('names the methods that there are', async () => {
    const { headers } = await call('/things', { method: 'DELETE' });
    expect(headers.get('allow')).toBe('POST');
  });

  it('says when to come back where that helps', async () => {
    expect((await call('/things/fail/problem')).headers.get('retry-after')).toBe('7');
    expect((await call('/things/fail/store')).headers.get('retry-after')).toBe('2');
    expect((await call('/plain/problem')).headers.get('retry-after')).toBe('5');
  });

  it('shows nothing of the inside; the log has it, with the correlation id and without secrets', async () => {
    const { body, headers } = await call('/things/fail/bug');
    expect(JSON.stringify(body)).not.toMatch(/secret|internals|TypeError|\.ts/);
    expect(JSON.stringify(await call('/things/fail/store'))).not.toContain('10.1.2.3');
    const [line = ''] = service.logs.filter((text) => text.includes(headers.get('x-correlation-id') ?? '?'));
    expect(JSON.parse(line)).toMatchObject({ level: 'error', error: { type: 'TypeError' }, path: '/things/fail/:how' });
    expect(line).not.toContain('hunter2');
  });

  it('logs no line for what a caller did wrong, but at debug', async () => {
    const before = service.logs.length;
    await post('{"a":');
    await call('/nowhere');
    expect(service.logs.slice(before).filter((line) => !line.startsWith('{"level":"debug"'))).toEqual([]);
  });
});

describe('bytes that are no HTTP request', () => {
  it('are answered as a problem, and the connection closes', async () => {
    const answer = await raw('HELLO\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(answer).toContain('"code":"malformed_request"');
    expect(answer).toMatch(/X-Correlation-Id: [0-9a-f-]{36}/);
  });

  it('are refused where the headers are too large', async () => {
    const answer = await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(40_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 .*"code":"headers_too_large"/s);
  });

  it('are given up where they come too slowly', async () => {
    const answer = await raw('GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(answer).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s);
  });
});

const echoed = async (id: string) =>
  (await fetch(`${service.url}/health/live`, { headers: { 'x-correlation-id': id } })).headers.get('x-correlation-id');

describe('X-Correlation-Id', () => {
  it('is taken over where it is sane, and made anew where not', async () => {
    expect(await echoed('order-42/a')).toBe('order-42/a');
    expect(await echoed('x'.repeat(128))).toBe('x'.repeat(128));
    for (const odd of ['x'.repeat(129), 'two words', 'ümlaut', '']) expect(await echoed(odd)).toMatch(UUID);
  });
});
