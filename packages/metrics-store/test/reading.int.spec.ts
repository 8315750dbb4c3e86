import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { MetricsReader } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

describe('MetricsReader.points', () => {
  let db: TestStore;
  let reader: MetricsReader;
  beforeAll(async () => {
    db = await testStore();
    reader = new MetricsReader({ url: db.url });
    const store = db.open();
    const hosts = ['a', 'b', 'c'];
    const samples = hosts.flatMap((host) =>
      Array.from({ length: 50 }, (_, i) => sample({ labels: { host }, timestampMs: NOON - i * 3_600_000, value: i })),
    );
    await settle(store, batch(db.topicId, samples));
  });
  afterAll(async () => {
    await reader.close();
    await db.close();
  });

  it('gives every point once, newest first, page after page', async () => {
    const seen: string[] = [];
    const times: number[] = [];
    let cursor: string | null = null;
    do {
      const page = await reader.points({ tenantId: 'acme', limit: 7, ...(cursor === null ? {} : { cursor }) });
      for (const point of page.points) {
        seen.push(`${point.labels['host']}@${point.timestamp}`);
        times.push(point.timestamp);
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(150);
    expect(seen).toHaveLength(150);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });
});
