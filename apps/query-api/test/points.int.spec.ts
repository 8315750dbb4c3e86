import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { type Asked, QueryApp } from './support/query-app.js';

interface Page {
  readonly points: readonly { readonly timestamp: number; readonly value: number; readonly labels: { host: string } }[];
  readonly nextCursor: string | null;
}

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 10, 20, 12);
const DAY = { from: NOON - 24 * HOUR_MS, to: NOON + HOUR_MS };

describe('GET /api/v1/metrics', () => {
  let query: QueryApp;
  beforeAll(async () => {
    query = await QueryApp.start();
  });
  afterAll(() => query.close());

  const write: QueryApp['stored']['write'] = (tenantId, samples) => query.stored.write(tenantId, samples);
  const own = () => query.tenant.tenant_id;

  async function page(asked: Asked): Promise<Page> {
    const answer = await query.ask('', asked);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body as Page;
  }

  it('answers with the point as it was sent, in the shape that is promised', async () => {
    const labels = { room: 'kitchen', quote: `'"\\`, unicode: 'Füße 🦫', __proto__x: '%_' };
    await write(own(), [{ name: 'exact', environment: 'prod', labels, timestampMs: NOON, value: 0.1 + 0.2 }]);
    const answer = await query.ask('', { name: 'exact', ...DAY });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body).toEqual({
      points: [{ timestamp: NOON, name: 'exact', value: 0.30000000000000004, labels, environment: 'prod' }],
      nextCursor: null,
    });
  });

  it.each<[string, Record<string, string | number>, number[]]>([
    ['from, which is part of it, to to, which is not', { from: NOON, to: NOON + 2 }, [2, 1]],
    ['times by RFC 3339', { from: '2026-11-20T13:00:00+01:00', to: '2026-11-20T12:00:00.002Z' }, [2, 1]],
    ['both kinds of time at once', { from: NOON + 1, to: '2026-11-20T12:00:00.004Z' }, [4, 3, 2]],
    ['a label', { ...DAY, 'label.host': 'b' }, [4, 2]],
    ['labels that no series has together', { ...DAY, 'label.host': 'b', 'label.zone': 'x' }, []],
    ['an environment', { ...DAY, environment: 'prod' }, [3]],
    ['no environment', { ...DAY, environment: '' }, [4, 2, 1]],
    ['a time without points', { from: 1, to: 2 }, []],
  ])('keeps to %s', async (_, asked, expected) => {
    await write(own(), [
      { name: 'kept', labels: { host: 'a', zone: 'x' }, timestampMs: NOON, value: 1 },
      { name: 'kept', labels: { host: 'b' }, timestampMs: NOON + 1, value: 2 },
      { name: 'kept', labels: { host: 'a' }, environment: 'prod', timestampMs: NOON + 2, value: 3 },
      { name: 'kept', labels: { host: 'b' }, timestampMs: NOON + 3, value: 4 },
    ]);
    expect((await page({ name: 'kept', ...asked })).points.map(({ value }) => value)).toEqual(expected);
  });

  it('looks at the last hour unless told otherwise', async () => {
    const nowMs = Date.now();
    const at = (agoMs: number, value: number) => ({ name: 'recent', timestampMs: nowMs - agoMs, value });
    await write(own(), [at(0, 1), at(HOUR_MS - 60_000, 2), at(HOUR_MS + 60_000, 3)]);
    expect((await page({ name: 'recent' })).points.map(({ value }) => value)).toEqual([1, 2]);
    expect((await page({ name: 'recent', to: nowMs })).points.map(({ value }) => value)).toEqual([2]);
  });

  describe('walked page by page', () => {
    const HOSTS = ['a', 'b', 'c'];
    beforeAll(() =>
      write(
        own(),
        HOSTS.flatMap((host) =>
          Array.from({ length: 40 }, (_, i) => ({
            name: 'walk',
            labels: { host },
            timestampMs: NOON - i * 60_000,
            value: i,
          })),
        ),
      ),
    );

    it.each([1, 7, 60, 100])(
      'gives every point once and newest first, %i at a time, while others are written',
      async (limit) => {
        const seen: string[] = [];
        let cursor: string | null = null;
        let pages = 0;
        do {
          const { points, nextCursor }: Page = await page({
            name: 'walk',
            ...DAY,
            limit,
            ...(cursor === null ? {} : { cursor }),
          });
          expect(points.length).toBeLessThanOrEqual(limit);
          seen.push(...points.map(({ timestamp, labels }) => `${timestamp} ${labels.host}`));
          cursor = nextCursor;
          pages += 1;
          if (pages <= 5)
            await write(own(), [
              { name: 'walk', labels: { host: 'late' }, timestampMs: NOON + pages, value: limit }, // before what was read
              { name: 'walk', labels: { host: 'late' }, timestampMs: NOON - pages * 60_000, value: limit }, // anywhere
              { name: 'walk', labels: { host: 'a' }, timestampMs: NOON, value: 0, version: 2 }, // again
            ]);
        } while (cursor !== null);
        expect(seen.filter((point) => !point.endsWith('late'))).toHaveLength(120);
        expect(new Set(seen).size).toBe(seen.length);
        const times = seen.map((point) => Number(point.split(' ')[0]));
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      },
    );

    it('ends with a page that is exactly full', async () => {
      const one = { name: 'walk', 'label.host': 'b', ...DAY };
      expect(await page({ ...one, limit: 40 })).toMatchObject({ nextCursor: null });
      expect(await page({ ...one, limit: 39 })).toMatchObject({ nextCursor: expect.any(String) });
    });

    it('keeps the range of the first page, though "now" goes on', async () => {
      const nowMs = Date.now();
      const edgeMs = nowMs - HOUR_MS + 5_000; // leaves the last hour in five seconds
      await write(own(), [
        { name: 'edge', timestampMs: nowMs - 1000 },
        { name: 'edge', timestampMs: edgeMs },
      ]);
      const { nextCursor: cursor } = await page({ name: 'edge', limit: 1 });
      await eventually(
        () => page({ name: 'edge' }),
        ({ points }) => points.length === 1,
      );
      expect((await page({ name: 'edge', limit: 1, cursor: cursor ?? '' })).points).toMatchObject([
        { timestamp: edgeMs },
      ]);
    });

    it('goes on with another limit, and with the same question in other words', async () => {
      const { nextCursor } = await page({ name: 'walk', ...DAY, limit: 1 });
      const cursor = nextCursor ?? '';
      expect((await page({ name: 'walk', cursor, limit: 2 })).points).toHaveLength(2);
      expect((await page({ cursor, to: new Date(DAY.to).toISOString(), name: 'walk' })).points).toHaveLength(100);
    });

    it('refuses a cursor that was altered or belongs to another question', async () => {
      const { nextCursor } = await page({ name: 'walk', 'label.host': 'a', ...DAY, limit: 1 });
      const cursor = nextCursor ?? '';
      const right = { name: 'walk', 'label.host': 'a', cursor };
      const others: Asked[] = [
        { ...right, cursor: cursor.slice(0, -1) },
        { ...right, cursor: `${cursor}A` },
        { ...right, cursor: `${cursor[0] === 'A' ? 'B' : 'A'}${cursor.slice(1)}` },
        { ...right, name: 'kept' },
        { ...right, 'label.host': 'b' },
        { ...right, 'label.zone': 'x' },
        { name: 'walk', cursor },
        { ...right, environment: '' },
        { ...right, from: DAY.from + 1 },
        { ...right, to: DAY.to + 1 },
      ];
      for (const asked of others)
        expect(await query.ask('', asked)).toMatchObject({ status: 422, body: { code: 'cursor' } });
      expect(await query.ask('/series', { name: 'walk', 'label.host': 'a', cursor })).toMatchObject({ status: 422 });
      expect(await query.askAsOther('', right)).toMatchObject({ status: 422, body: { code: 'cursor' } });
      expect((await page(right)).points).toHaveLength(39);
    });
  });
});
