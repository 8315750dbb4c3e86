import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { QueryApp } from './support/query-app.js';

const NOW = Date.now();
const ROUTES = [
  ['', 'name=shared'],
  ['', 'name=only_theirs'],
  ['/query', 'name=shared&agg=sum&step=1m'],
  ['/query', 'name=shared&agg=last&step=1m&by=host,only_theirs'],
  ['/query', 'name=only_theirs&agg=p99&step=1m&by=only_theirs'],
  ['/names', ''],
  ['/labels', ''],
  ['/labels/host/values', ''],
  ['/labels/only_theirs/values', ''],
  ['/series', ''],
] as const;

const SECRET = 'only_theirs';
const isMine = (text: string): boolean => !text.includes(SECRET) && !text.includes('77');

/** What one tenant has and another must not see, by whatever way it asks. */
describe('one tenant and another', () => {
  let query: QueryApp;

  beforeAll(async () => {
    query = await QueryApp.start();
    const shared = (value: number) => ({ name: 'shared', labels: { host: 'same' }, timestampMs: NOW, value });
    await query.stored.write(query.tenant.tenant_id, [shared(1)]);
    await query.stored.write(query.other.tenant_id, [
      shared(77),
      { name: SECRET, labels: { [SECRET]: SECRET, host: SECRET }, timestampMs: NOW, value: 77 },
    ]);
  });
  afterAll(() => query.close());

  it.each(ROUTES)('the one sees nothing of the other at %s?%s, which is there for that one', async (path, asked) => {
    const mine = await query.ask(path, asked);
    expect(mine.status).toBe(200);
    expect(JSON.stringify({ ...(mine.body as object), nextCursor: null })).not.toMatch(/only_theirs|"value":77|,77\]/);
    expect((await query.askAsOther(path, asked)).text).toMatch(/only_theirs|"value":77|,77\]/);
  });

  it('is whose the key is, whatever else a request says', async () => {
    const headers = {
      'x-tenant-id': query.other.tenant_id,
      'tenant-id': query.other.tenant_id,
      'x-weir-tenant': query.other.tenant_id,
    };
    expect((await query.ask('', 'name=shared', headers)).body).toMatchObject({ points: [{ value: 1 }] });
    // X-API-Key goes first: one key may not be judged and another's data be read.
    const both = { authorization: `Bearer ${query.otherKey.apiKey}` };
    expect((await query.ask('', 'name=shared', both)).body).toMatchObject({ points: [{ value: 1 }] });
    const bearer = await query.send('/api/v1/metrics?name=shared', { headers: both });
    expect(bearer.body).toMatchObject({ points: [{ value: 77 }] });
  });

  it('keeps requests apart that share connections to the database at the same time', async () => {
    const asked = Array.from({ length: 60 }, (_, i) => i % 2 === 0);
    const answers = await Promise.all(
      asked.map((mine) => (mine ? query.ask('', 'name=shared') : query.askAsOther('', 'name=shared'))),
    );
    const values = answers.map(({ body }) =>
      (body as { points: { value: number }[] }).points.map(({ value }) => value),
    );
    expect(values).toEqual(asked.map((mine) => [mine ? 1 : 77]));
  });

  it.each([
    `shared' OR '1'='1`,
    `shared'; SET weir.tenant_id = 'x'; --`,
    `"shared"`,
    `shared\\`,
    `$1`,
    '%',
    '_hared',
    'shared%',
    '{"$ne":null}',
    'sh\u0430red', // with a Cyrillic а
    '\u202eshared',
    'SHARED',
    'x'.repeat(8_000),
  ])('finds nothing by %j, as a name, as a label, as its value, as an environment and as a grouping', async (text) => {
    const tries = [
      query.ask('', { name: text }),
      query.ask('', { name: 'shared', [`label.${text}`]: 'same' }),
      query.ask('', { name: 'shared', 'label.host': text }),
      query.ask('', { name: 'shared', environment: text }),
      query.ask('/query', { name: text, step: '1m', agg: 'sum' }),
      query.ask('/series', { 'label.host': text }),
      query.ask('/labels/host/values', { name: text }),
      query.ask(`/labels/${encodeURIComponent(text.slice(0, 1_000))}/values`),
    ];
    for (const { status, text: answer } of await Promise.all(tries)) {
      expect(status).toBe(200);
      expect(answer).toMatch(/^\{("step":60000,"agg":"sum",)?"(points|series|values)":\[\](,"nextCursor":null)?\}$/);
    }
    const grouped = await query.ask('/query', { name: 'shared', step: '1m', agg: 'sum', by: text });
    expect(grouped.body).toMatchObject({ series: [{ labels: {}, points: [[expect.any(Number), 1]] }] });
  });

  it('answers whatever query string comes with 200 or a 4xx, and never with what is not the tenant’s', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        'shared',
        '\0',
        `'`,
        '%',
        query.other.tenant_id,
        '1m',
        'sum',
        '0',
        '-1',
        '99999999999999999',
        '__proto__',
      ),
    );
    const name = fc.oneof(
      fc.constantFrom(
        'name',
        'from',
        'to',
        'limit',
        'cursor',
        'step',
        'agg',
        'by',
        'environment',
        'label.host',
        'label.',
        '__proto__',
      ),
      text,
    );
    const cursor = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
    const asked = fc.array(fc.tuple(name, fc.oneof(text, cursor)), { maxLength: 6 });
    const raw = fc.oneof(
      asked.map((pairs) => new URLSearchParams(pairs).toString()),
      fc.stringMatching(/^[!$-~]{0,30}$/),
    );
    const path = fc.constantFrom('', '/query', '/names', '/labels', '/labels/host/values', '/series');
    await fc.assert(
      fc.asyncProperty(path, raw, async (route, queryString) => {
        const answer = await query.ask(route, queryString.replaceAll('#', ''));
        expect([200, 400, 422]).toContain(answer.status);
        expect(answer.status !== 200 || isMine(answer.text.replaceAll(/\d{10,}|"nextCursor":"[^"]*"/g, ''))).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect((await query.ask('', 'name=shared')).status).toBe(200);
  });
});
