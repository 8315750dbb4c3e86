import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Sample } from '../src/index.js';
import { batch, NOON, sample, settle, testStore, type TestStore } from './support/store.js';

const good = (i: number): Sample => sample({ labels: { host: `h${i % 50}` }, timestampMs: NOON + i });

describe('a row that the database refuses', () => {
  let db: TestStore;
  beforeEach(async () => {
    db = await testStore();
  });
  afterEach(() => db.close());

  it.each<[string, Partial<Sample>, string]>([
    ['a value that is not finite', { value: NaN }, '23514'],
    ['an infinite value', { value: -Infinity }, '23514'],
    ['NUL in a name', { name: 'a\u0000b' }, '22021'],
    ['NUL in a label', { labels: { host: 'a\u0000' } }, '22P05'],
    ['NUL in a tenant', { tenantId: '\u0000' }, '22021'],
    ['half a surrogate pair in a label', { labels: { host: '\ud800' } }, '22P02'],
    ['a name too long for its index', { name: 'n'.repeat(4_000) }, '23514'],
    ['no name', { name: '' }, '23514'],
    ['no tenant', { tenantId: '' }, '23514'],
    ['a time beyond the calendar', { timestampMs: 9e15 }, '22008'],
    ['a time that is no number', { timestampMs: NaN }, '22008'],
  ])('is found among 2,000, and the others are stored: %s', async (_, bad, sqlState) => {
    const store = db.open();
    const samples = Array.from({ length: 2_000 }, (_none, i) => good(i));
    samples[1_234] = sample({ ...samples[1_234], ...bad });
    const { refused } = await settle(store, batch(db.topicId, samples));
    expect(refused).toMatchObject([{ offset: 1_234, error: { code: 'row_rejected', retryable: false, sqlState } }]);
    expect(await db.count()).toBe(1_999);
    expect(await store.ledger()).toMatchObject({
      balanced: true,
      partitions: [{ next: 2_000, stored: 1_999, dead_lettered: 1 }],
    });
  });

  it('is found where there are two, of different kinds', async () => {
    const store = db.open();
    const samples = Array.from({ length: 2_000 }, (_, i) => good(i));
    samples[3] = sample({ name: 'a\u0000b' });
    samples[1_999] = sample({ value: Infinity });
    const { refused } = await settle(store, batch(db.topicId, samples));
    expect(refused.map(({ offset }) => offset)).toEqual([3, 1_999]);
    expect(await db.count()).toBe(1_998);
  });

  it('is found where all are, and nothing is stored', async () => {
    const store = db.open();
    const samples = Array.from({ length: 500 }, (_, i) => sample({ ...good(i), value: NaN }));
    const { refused } = await settle(store, batch(db.topicId, samples));
    expect(refused.map(({ offset }) => offset)).toEqual(samples.map((_, i) => i));
    expect(await db.count()).toBe(0);
  });

  it('takes all samples of a series with it whose labels are refused', async () => {
    const store = db.open();
    const samples = [good(0), ...[1, 2, 2].map((i) => sample({ labels: { a: '\u0000' }, timestampMs: NOON + i }))];
    const { refused } = await settle(store, batch(db.topicId, samples));
    expect(refused.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  it('does not cost the earlier sample that it would have replaced', async () => {
    const store = db.open();
    const { refused } = await settle(store, batch(db.topicId, [sample({ value: 1 }), sample({ value: NaN })]));
    expect(refused.map(({ offset }) => offset)).toEqual([1]);
    const { rows } = await db.admin.query('SELECT value FROM metrics.samples');
    expect(rows).toEqual([{ value: 1 }]);
  });

  it('leaves nothing written, and the lines locked, while its dead letter is published', async () => {
    const store = db.open();
    const { range, positioned } = batch(db.topicId, [good(0), sample({ value: NaN }), good(2)]);
    await store.transaction([range], async (unit) => {
      const refused = await unit.write(positioned);
      expect(refused.map(({ offset }) => offset)).toEqual([1]);
      const rival = db.admin.query(`SELECT FROM metrics.ledger FOR UPDATE NOWAIT`);
      // The line was made by this transaction: for others it is not there yet, and may not be made either.
      expect((await rival).rowCount).toBe(0);
      const other = db.admin.query(
        `SET lock_timeout = 100; INSERT INTO metrics.ledger (topic_id, partition, topic, first, next)
         VALUES ('${db.topicId}', 0, 'metrics.raw', 0, 0)`,
      );
      await expect(other).rejects.toMatchObject({ code: '55P03' });
      const rest = positioned.filter(({ offset }) => offset !== 1);
      expect(await unit.write(rest)).toEqual([]);
      unit.account(range.topic, range.partition, { stored: 2, deadLettered: 1, gap: 0 });
    });
    expect(await db.count()).toBe(2);
  });
});
