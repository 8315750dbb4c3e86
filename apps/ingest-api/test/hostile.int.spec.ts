import { deflateRawSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { IngestApp, metric } from './support/ingest-app.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const GZIP = { 'content-encoding': 'gzip' };
const MEGABYTE = 1_000_000;

describe('ingest-api, given bodies that mean harm', () => {
  let ingest: IngestApp;

  beforeAll(async () => {
    ingest = await IngestApp.start();
  });

  afterAll(() => ingest.close());

  /** Each is an honest request's neighbour: whatever came before, this one is served. */
  const servesTheNext = async () => {
    expect(await ingest.post(metric())).toMatchObject({ status: 202 });
  };

  it.each<[string, () => string | Buffer, Record<string, string>, number, string]>([
    ['a gzip bomb', () => gzipSync(Buffer.alloc(200 * MEGABYTE)), GZIP, 413, 'decompressed_too_large'],
    ['a bomb of many gzip members', () => members(100), GZIP, 413, 'decompressed_too_large'],
    ['brackets without end', () => '['.repeat(5 * MEGABYTE), {}, 413, 'json_too_complex'],
    ['nesting in a label', () => nested(2 * MEGABYTE), {}, 413, 'json_too_complex'],
    ['millions of empty objects', () => `[${'{},'.repeat(1.6 * MEGABYTE)}{}]`, {}, 413, 'json_too_complex'],
    ['millions of members', () => `{${manyMembers(500_000)}}`, {}, 422, 'all_rejected'],
    ['ten thousand bad samples', () => `[${'{"name":1},'.repeat(9999)}{}]`, {}, 422, 'all_rejected'],
    ['a number of a million digits', () => withValue('1'.repeat(MEGABYTE)), {}, 422, 'all_rejected'],
    ['a huge exponent', () => withValue('1e999999999'), {}, 422, 'all_rejected'],
    ['a name of megabytes', () => JSON.stringify(metric({ name: 'a'.repeat(4 * MEGABYTE) })), {}, 422, 'all_rejected'],
    ['a million blank lines', () => '\n'.repeat(MEGABYTE), NDJSON, 422, 'empty'],
    ['one line without end', () => `{"name":"${'a'.repeat(4 * MEGABYTE)}`, NDJSON, 400, 'invalid_json'],
    ['UTF-16', () => Buffer.from(JSON.stringify(metric()), 'utf16le'), {}, 400, 'invalid_json'],
    ['overlong UTF-8', () => Buffer.from([0x22, 0xc0, 0xaf, 0x22]), {}, 400, 'invalid_utf8'],
    [
      'half of a surrogate pair',
      () => `${JSON.stringify(metric()).slice(0, -1)},"environment":"\\ud800"}`,
      {},
      422,
      'all_rejected',
    ],
    ['a NUL in a label', () => JSON.stringify(metric({ labels: { a: '\0' } })), {}, 422, 'all_rejected'],
    ['deflate that says gzip', () => deflateRawSync('{}'), GZIP, 400, 'invalid_gzip'],
    ['__proto__', () => `{"__proto__":${JSON.stringify(metric())}}`, {}, 422, 'all_rejected'],
    ['constructor', () => `{"constructor":{"prototype":{"name":"x"}}}`, {}, 422, 'all_rejected'],
  ])('refuses %s and serves the next', async (_, body, headers, status, code) => {
    expect(await ingest.post(body(), { headers })).toMatchObject({ status, body: { code } });
    await servesTheNext();
  });

  it('keeps its memory under forty bombs at once', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MEGABYTE));
    const objects = `[[${'{},'.repeat(1.6 * MEGABYTE)}{}]]`;
    const round = async (count: number) => {
      const posts = Array.from({ length: count }, (_, n) =>
        n % 2 === 0 ? ingest.post(bomb, { headers: GZIP }) : ingest.post(objects),
      );
      const statuses = (await Promise.all(posts)).map(({ status }) => status);
      expect(statuses).toContain(413);
      // Those that waited too long for their turn are told so: one machine inflates only so many bombs in five seconds.
      expect(statuses.filter((status) => status !== 413 && status !== 503)).toEqual([]);
    };
    await round(10);
    const before = process.memoryUsage().rss;
    await round(40);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * MEGABYTE);
    await servesTheNext();
  });

  it('answers whatever bytes come with a 4xx', async () => {
    const anyHeaders = fc.record({
      'content-type': fc.constantFrom('application/json', 'application/x-ndjson', 'application/json; charset=utf-8'),
      'content-encoding': fc.constantFrom('identity', 'gzip'),
    });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), anyHeaders, fc.boolean(), async (bytes, headers, zipped) => {
        const body = zipped ? gzipSync(bytes) : Buffer.from(bytes);
        const { status } = await ingest.post(body, { headers });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
    await servesTheNext();
  });

  it('answers whatever JSON comes with 202, 207 or a 4xx', async () => {
    const field = fc.constantFrom('name', 'value', 'timestamp', 'labels', 'environment', 'metrics', '__proto__');
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('cpu', 1, Date.now(), new Date().toISOString(), {}));
    const item = fc.oneof(fc.constant(metric()), fc.jsonValue(), fc.dictionary(field, value));
    const body = fc.oneof(item, fc.array(item), fc.record({ metrics: fc.array(item) }));
    await fc.assert(
      fc.asyncProperty(body, async (json) => {
        const { status } = await ingest.post(JSON.stringify(json));
        expect([202, 207, 400, 413, 422]).toContain(status);
      }),
      { numRuns: 150 },
    );
    await servesTheNext();
  });
});

function members(count: number): Buffer {
  const one = gzipSync(Buffer.alloc(MEGABYTE));
  return Buffer.concat(Array.from({ length: count }, () => one));
}

function nested(depth: number): string {
  return `{"labels":${'{"a":'.repeat(depth / 6)}1${'}'.repeat(depth / 6)}}`;
}

function manyMembers(count: number): string {
  return Array.from({ length: count }, (_, n) => `"${n.toString(36)}":1`).join(',');
}

function withValue(number: string): string {
  return JSON.stringify(metric({ value: 0 })).replace('"value":0', `"value":${number}`);
}
