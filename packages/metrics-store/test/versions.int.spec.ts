import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

type Written = readonly [kind: 'live' | 'replayed', version: number, value: number];

describe('the version of a sample', () => {
  let db: TestStore;
  let partition = 0;
  beforeAll(async () => {
    db = await testStore();
  });
  afterAll(() => db.close());

  const cases: [string, Written[], number][] = [
    [
      'a live sample replaces an earlier one',
      [
        ['live', 1, 10],
        ['live', 2, 20],
      ],
      20,
    ],
    [
      'a live sample replaces one of the same version',
      [
        ['live', 1, 10],
        ['live', 1, 20],
      ],
      20,
    ],
    [
      'a live sample that comes late does not replace a later one',
      [
        ['live', 2, 20],
        ['live', 1, 10],
      ],
      20,
    ],
    [
      'a live sample replaces a replayed one of the same version',
      [
        ['replayed', 1, 10],
        ['live', 1, 20],
      ],
      20,
    ],
    [
      'a replayed sample replaces an earlier one',
      [
        ['live', 1, 10],
        ['replayed', 2, 20],
      ],
      20,
    ],
    [
      'a replayed sample does not replace one of the same version',
      [
        ['live', 1, 10],
        ['replayed', 1, 20],
      ],
      10,
    ],
    [
      'a replayed sample does not undo a correction',
      [
        ['live', 2, 20],
        ['replayed', 1, 10],
      ],
      20,
    ],
    [
      'a replayed sample does not replace a replayed one of the same version',
      [
        ['replayed', 1, 10],
        ['replayed', 1, 20],
      ],
      10,
    ],
    [
      'the newest of many stands',
      [
        ['live', 3, 30],
        ['replayed', 1, 10],
        ['live', 2, 20],
        ['replayed', 4, 40],
      ],
      40,
    ],
  ];

  for (const together of [true, false])
    it.each(cases)(`${together ? 'in one batch' : 'in batches of one'}: %s`, async (title, written, value) => {
      const store = db.open();
      partition += 1;
      const name = `${title} ${together}`;
      const samples = written.map(([kind, version, number]) =>
        sample({ name, replayed: kind === 'replayed', version, value: number }),
      );
      if (together) await settle(store, batch(db.topicId, samples, { partition }));
      else
        for (const [from, one] of samples.entries()) await settle(store, batch(db.topicId, [one], { partition, from }));

      const { rows } = await db.admin.query(
        `SELECT value FROM metrics.samples JOIN metrics.series ON id = series_id WHERE name = $1`,
        [name],
      );
      expect(rows).toEqual([{ value }]);
      expect(await store.ledger()).toMatchObject({ balanced: true });
    });

  it('keeps the samples of series apart that share a name and a millisecond', async () => {
    const store = db.open();
    partition += 1;
    const series = [
      { labels: { host: 'a' } },
      { labels: { host: 'b' } },
      { environment: null },
      { environment: '' },
      { tenantId: 'globex' },
    ].map((fields) => sample({ name: 'shared', ...fields }));
    await settle(store, batch(db.topicId, series, { partition }));
    const { rows } = await db.admin.query(
      `SELECT count(*)::int AS n FROM metrics.samples JOIN metrics.series ON id = series_id WHERE name = 'shared'`,
    );
    expect(rows).toEqual([{ n: 5 }]);
  });

  it('stores times out of order, and to the millisecond and the bit, over the whole calendar', async () => {
    const store = db.open();
    partition += 1;
    const written: [number, number][] = [
      [NOON, 0.1],
      [NOON - 1, Number.MIN_VALUE],
      [NOON - 86_400_000 * 400 + 7, Number.MAX_VALUE],
      [0, 1 / 3],
      [-1, -Number.MAX_VALUE],
      [Date.UTC(1, 0, 1) - 1, 2 ** 53], // `Date.UTC` takes 1 for 1901
      [-62_167_219_200_001, -2],
      [8.64e15, 3],
      [8.64e15 - 1, 4],
      [-2_440_588 * 86_400_000, 5],
    ];
    const samples = written.map(([timestampMs, value]) => sample({ name: 'calendar', timestampMs, value }));
    const { refused } = await settle(store, batch(db.topicId, samples, { partition }));
    expect(refused).toEqual([]);
    const { rows } = await db.admin.query<{ ms: string; value: number }>(
      `SELECT (extract(epoch FROM ts) * 1000)::bigint AS ms, value FROM metrics.samples
       JOIN metrics.series ON id = series_id WHERE name = 'calendar' ORDER BY ts`,
    );
    expect(rows.map(({ ms, value }) => [Number(ms), value])).toEqual(written.toSorted(([a], [b]) => a - b));
  });
});
