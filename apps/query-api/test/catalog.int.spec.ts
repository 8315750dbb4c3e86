import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Asked, QueryApp } from './support/query-app.js';

type Page = Readonly<Record<string, unknown>> & { readonly nextCursor: string | null };

const series = (name: string, labels: Record<string, string>, environment: string | null = null) => ({
  name,
  labels,
  environment,
});

describe('the lists of what a tenant has', () => {
  let query: QueryApp;

  beforeAll(async () => {
    query = await QueryApp.start();
    await query.stored.write(query.tenant.tenant_id, [
      series('cpu', { host: 'b', zone: 'x' }, 'prod'),
      series('cpu', { host: 'a', zone: 'y' }),
      series('cpu', { host: 'a', zone: 'y' }), // once more, of the same series
      series('Zebra', { host: 'ä' }),
      series('disk:free', { host: 'a', path: '/' }, 'test'),
      series('disk:free', { host: 'B', path: `'; DROP TABLE metrics.series; --` }, 'test'),
      series('bare', {}),
    ]);
  });
  afterAll(() => query.close());

  async function list(
    path: string,
    of: string,
    asked: Readonly<Record<string, string | number>> = {},
  ): Promise<unknown[]> {
    const items: unknown[] = [];
    let cursor: string | null = null;
    do {
      const answer = await query.ask(path, { ...asked, ...(cursor === null ? {} : { cursor }) });
      expect(answer).toMatchObject({ status: 200 });
      const page = answer.body as Page;
      expect(Object.keys(page)).toEqual([of, 'nextCursor']);
      items.push(...(page[of] as unknown[]));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  it.each<[string, string, string, string[]]>([
    ['/names', 'names', '', ['Zebra', 'bare', 'cpu', 'disk:free']],
    ['/labels', 'labels', '', ['host', 'path', 'zone']],
    ['/labels/host/values', 'values', '', ['B', 'a', 'b', 'ä']],
    ['/labels/path/values', 'values', '', [`'; DROP TABLE metrics.series; --`, '/']],
    ['/labels/nothing/values', 'values', '', []],
    ['/names', 'names', 'label.host=a', ['cpu', 'disk:free']],
    ['/names', 'names', 'environment=test', ['disk:free']],
    ['/names', 'names', 'environment=', ['Zebra', 'bare', 'cpu']],
    ['/labels', 'labels', 'name=cpu', ['host', 'zone']],
    ['/labels', 'labels', 'name=bare', []],
    ['/labels/host/values', 'values', 'name=cpu&label.zone=y', ['a']],
  ])('%s gives %s?%s, sorted by bytes, each once, however small the pages', async (path, of, asked, expected) => {
    const parameters = Object.fromEntries(new URLSearchParams(asked));
    for (const limit of [1, 2, 100]) expect(await list(path, of, { ...parameters, limit })).toEqual(expected);
  });

  it('/series gives each combination of name, environment and labels once', async () => {
    const all = await list('/series', 'series', { limit: 2 });
    const firstSeen = expect.any(Number);
    expect(all).toHaveLength(6);
    expect(all).toEqual(
      expect.arrayContaining([
        { name: 'Zebra', environment: null, labels: { host: 'ä' }, firstSeen },
        { name: 'bare', environment: null, labels: {}, firstSeen },
        { name: 'cpu', environment: 'prod', labels: { host: 'b', zone: 'x' }, firstSeen },
      ]),
    );
    expect(all.map((one) => (one as { name: string }).name)).toEqual([
      'Zebra',
      'bare',
      'cpu',
      'cpu',
      'disk:free',
      'disk:free',
    ]);
    expect(await list('/series', 'series', { name: 'cpu', 'label.host': 'b' })).toHaveLength(1);
    expect(await list('/series', 'series', { name: 'cpu', 'label.host': 'c' })).toEqual([]);
  });

  it('goes on with a cursor though what it stands on is the longest and strangest value there is', async () => {
    const values = ['\u0001'.repeat(2048), '\u0002'.repeat(2048), '水'.repeat(2048)];
    await query.stored.write(
      query.tenant.tenant_id,
      values.map((value) => ({ name: 'strange', labels: { value } })),
    );
    expect(await list('/labels/value/values', 'values', { limit: 1 })).toEqual(values);
  });

  it.each<[string, Asked, string, Asked]>([
    ['/names', { limit: 1 }, '/labels', {}],
    ['/names', { limit: 1 }, '/names', { 'label.host': 'a' }],
    ['/labels', { limit: 1 }, '/labels', { name: 'cpu' }],
    ['/labels/host/values', { limit: 1 }, '/labels/zone/values', {}],
    ['/series', { limit: 1 }, '/series', { environment: '' }],
    ['/series', { limit: 1 }, '/names', {}],
  ])('takes no cursor of %s?%j at %s?%j, nor from another tenant', async (path, asked, elsewhere, others) => {
    const { nextCursor } = (await query.ask(path, asked)).body as Page;
    const cursor = nextCursor ?? '';
    const refused = { status: 422, body: { code: 'cursor' } };
    expect(await query.ask(elsewhere, { ...(others as object), cursor })).toMatchObject(refused);
    expect(await query.askAsOther(path, { cursor })).toMatchObject(refused);
    expect(await query.ask(path, { cursor, limit: 3 })).toMatchObject({ status: 200 });
  });
});
