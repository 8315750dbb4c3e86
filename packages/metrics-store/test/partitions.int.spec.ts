import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { PartitionKeeper } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

const DAY_MS = 86_400_000;

describe('daily partitions', () => {
  let db: TestStore;
  let keeper: PartitionKeeper;
  beforeEach(async () => {
    db = await testStore();
    keeper = new PartitionKeeper({ url: db.url });
  });
  afterEach(async () => {
    await keeper.close();
    await db.close();
  });

  const names = async (): Promise<string[]> => {
    const { rows } = await db.admin.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'metrics.samples'::regclass`,
    );
    return rows.map(({ name }) => name).toSorted();
  };

  it('are made ahead of time, and again without harm', async () => {
    await keeper.ensurePartitions(NOON, NOON + 2 * DAY_MS);
    await keeper.ensurePartitions(NOON, NOON + 2 * DAY_MS);
    expect(await names()).toEqual(['metrics.samples_20261120', 'metrics.samples_20261121', 'metrics.samples_20261122']);
  });

  it('are made by several processes at once, each once', async () => {
    const keepers = Array.from({ length: 5 }, () => new PartitionKeeper({ url: db.url }));
    await Promise.all(keepers.map((one) => one.ensurePartitions(NOON, NOON + 9 * DAY_MS)));
    await Promise.all(keepers.map((one) => one.close()));
    expect(await names()).toHaveLength(10);
  });

  it('are made on demand by writers that meet at midnight', async () => {
    const stores = Array.from({ length: 4 }, () => db.open());
    await Promise.all(
      stores.map((store, partition) =>
        settle(
          store,
          batch(
            db.topicId,
            Array.from({ length: 100 }, (_, i) =>
              sample({ labels: { host: `${partition}` }, timestampMs: NOON + (i - 50) * 3_600_000 }),
            ),
            { partition },
          ),
        ),
      ),
    );
    expect(await db.count()).toBe(400);
  });

  it('are made again where one was dropped behind a writer’s back', async () => {
    const store = db.open();
    await settle(store, batch(db.topicId, [sample()]));
    await db.admin.query('DROP TABLE metrics.samples_20261120');
    await settle(store, batch(db.topicId, [sample({ timestampMs: NOON + 1 })], { from: 1 }));
    expect(await db.count()).toBe(1);
  });

  it('are not made by a refused batch alone: a writer whose pool has one connection does not wait for itself', async () => {
    const store = db.open({ maxConnections: 1, connectTimeoutMs: 10_000 });
    const days = Array.from({ length: 70 }, (_, i) => sample({ timestampMs: NOON - i * DAY_MS }));
    await settle(store, batch(db.topicId, days));
    expect(await db.count()).toBe(70);
  });

  it('are dropped where all in them is older than asked for, and no other', async () => {
    const store = db.open();
    await settle(
      store,
      batch(
        db.topicId,
        [0, 1, 2, 3].map((i) => sample({ timestampMs: NOON - i * DAY_MS })),
      ),
    );
    expect(await keeper.dropBefore(NOON - DAY_MS)).toBe(2);
    expect(await names()).toEqual(['metrics.samples_20261119', 'metrics.samples_20261120']);
    expect(await keeper.dropBefore(NOON - DAY_MS)).toBe(0);
  });
});
