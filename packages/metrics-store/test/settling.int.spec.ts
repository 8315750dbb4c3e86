import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

describe('MetricsStore, settling batches', () => {
  let db: TestStore;
  beforeAll(async () => {
    db = await testStore();
  });
  afterAll(() => db.close());

  it('stores samples, moves the line, and counts a batch delivered twice once', async () => {
    const store = db.open();
    const ten = Array.from({ length: 10 }, (_, i) => sample({ timestampMs: NOON + i, value: i }));
    await settle(store, batch(db.topicId, ten));
    await settle(store, batch(db.topicId, ten));

    expect(await db.count()).toBe(10);
    expect(await store.ledger()).toEqual({
      balanced: true,
      partitions: [
        {
          topic: 'metrics.raw',
          topic_id: db.topicId,
          partition: 0,
          first: 0,
          next: 10,
          stored: 10,
          dead_lettered: 0,
          gap: 0,
          expired: 0,
          skipped: 0,
        },
      ],
    });
    expect(await store.startOffsets([{ topic: 'metrics.raw', topicId: db.topicId, partition: 0 }])).toEqual([
      { topic: 'metrics.raw', topicId: db.topicId, partition: 0, offset: 10 },
    ]);
  });
});
