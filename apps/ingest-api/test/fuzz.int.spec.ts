import { gunzipSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bytesHeld, damage, FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import * as fc from 'fast-check';

import { corpus, type Sample } from './support/corpus.js';
import { IngestApp, metric } from './support/ingest-app.js';
import { exchange, filledIn, statusesOf } from './support/raw-http.js';

const RUNS = fuzzRuns(100);
const CALLERS_FAULT = [202, 207, 400, 413, 415, 422];

describe('ingest-api, whatever comes', () => {
  let ingest: IngestApp;
  let heldBefore = 0;

  beforeAll(async () => {
    ingest = await IngestApp.start();
    await ingest.post(metric());
    heldBefore = bytesHeld();
  });

  afterAll(() => ingest.close());

  const expectServed = async (): Promise<void> => {
    expect(await ingest.post(metric())).toMatchObject({ status: 202 });
  };

  const check = async <T>(
    arbitrary: fc.Arbitrary<T>,
    property: (value: T) => Promise<void>,
    runs = RUNS,
  ): Promise<void> => {
    await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: runs });
    await expectServed();
  };

  it(
    'answers JSON of any shape with a verdict or a 4xx',
    () =>
      check(fc.record({ text: jsonText, ...framing }), async ({ text, type, chunked }) => {
        const { status } = await ingest.post(text, { chunked, headers: { 'content-type': type } });
        expect(CALLERS_FAULT).toContain(status);
      }),
    FUZZ_TIMEOUT_MS,
  );

  it(
    'answers damaged bodies with a verdict or a 4xx, plain and compressed before and after the damage',
    () =>
      check(fc.record({ sample: fc.constantFrom(...bodies), damage, zipped: fc.boolean() }), async (input) => {
        const { sample, damage: damaged, zipped } = input;
        const body = zipped ? gzipSync(damaged(plain(sample))) : damaged(sample.bytes);
        const encoding = zipped ? { 'content-encoding': 'gzip' } : {};
        const { status } = await ingest.post(body, { headers: { ...sample.headers, ...encoding } });
        expect(CALLERS_FAULT).toContain(status);
      }),
    FUZZ_TIMEOUT_MS,
  );

  it(
    'answers any header with a verdict or a 4xx',
    () =>
      check(fc.dictionary(headerName, headerValue, { maxKeys: 6 }), async (headers) => {
        const { status, body } = await ingest.post(metric(), { headers });
        expect([202, 400, 401, 413, 415, 417, 431]).toContain(status);
        expect(body).toHaveProperty(status === 202 ? 'accepted' : 'code');
      }),
    FUZZ_TIMEOUT_MS,
  );

  it(
    'answers damaged HTTP with a verdict, a 4xx or a closed connection, and is there for the next',
    () =>
      check(
        fc.record({ sample: fc.constantFrom(...corpus('http')), damage }),
        async ({ sample, damage: damaged }) => {
          const answer = await exchange(ingest.url, damaged(filledIn(sample.bytes, ingest.key.apiKey)), {
            quietMs: 30,
          });
          for (const status of statusesOf(answer)) expect(status).toBeLessThan(500);
          expect(await ingest.get('/health/live')).toMatchObject({ status: 200 });
        },
        RUNS / 2,
      ),
    FUZZ_TIMEOUT_MS,
  );

  it('holds a body that comes byte by byte, or in chunks of one, in no more memory than its bytes', async () => {
    const body = JSON.stringify(metric({ labels: { a: 'x'.repeat(1_900) } })).padEnd(100_000);
    const chunks = Array.from(body, (byte) => `1\r\n${byte}\r\n`).join('');
    const head = `POST /api/v1/metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-API-Key: ${ingest.key.apiKey}\r\nContent-Type: application/json\r\n`;
    const many = Array.from({ length: 4 }, () =>
      exchange(ingest.url, Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`), {
        quietMs: 20_000,
      }),
    );
    for (const answer of await Promise.all(many)) expect(statusesOf(answer)).toEqual([202]);
  });

  it('holds no more memory after all that', () => {
    expect(bytesHeld() - heldBefore).toBeLessThan(50_000_000);
  });
});

const bodies = corpus('bodies').filter(({ bytes }) => bytes.length < 10_000);

function plain({ bytes, headers }: Sample): Buffer {
  try {
    return 'content-encoding' in headers ? gunzipSync(bytes) : bytes;
  } catch {
    return bytes; // damaged already, and that is the point of it
  }
}

const framing = {
  type: fc.constantFrom('application/json', 'application/x-ndjson', 'application/json;charset="UTF-8"'),
  chunked: fc.boolean(),
};

/** JSON written by hand, since no serialiser writes duplicate members, `__proto__`, numbers beyond a double, or lone surrogates as they are. */
const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string; member: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom('null', 'true', '-0', '1e999', '-1E-999', '9'.repeat(400), '1.0000000000000000001', '01', '+1'),
      fc.constantFrom('"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\u2028"', '"__proto__"', String(Date.now())),
      fc.json({ maxDepth: 2 }),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc.nat(40).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    ),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc.array(tie('member'), { maxLength: 6 }).map((members) => `{${members.join(',')}}`),
  ),
  member: fc
    .tuple(
      fc.constantFrom('name', 'value', 'timestamp', 'labels', 'environment', 'metrics', '__proto__', 'constructor'),
      fc.oneof(tie('value'), fc.constantFrom('"up"', '1.5', String(Date.now()), '{"a":"b"}')),
    )
    .map(([name, value]) => `"${name}":${value}`),
})).value;

const headerName = fc.constantFrom(
  'content-type',
  'content-encoding',
  'traceparent',
  'x-correlation-id',
  'authorization',
  'accept',
  'expect',
  'range',
  'if-match',
  'x-forwarded-for',
  'x-http-method-override',
  'te',
);
const headerValue = fc.oneof(
  fc.constantFrom(
    'application/json',
    'application/json; charset=',
    'gzip, gzip',
    'identity',
    '*/*',
    '100-continue',
    '',
  ),
  fc
    .string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 200 })
    .filter((text) => !text.includes('\u007f')),
  fc.integer({ min: 1, max: 9_000 }).map((length) => 'a'.repeat(length)),
);
