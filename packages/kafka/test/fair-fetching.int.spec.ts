import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { isPatched } from '../src/clients/producer/native-producer.js';
import { Outside, Started } from './kafka-fixture.js';

const PARTITIONS = 12;
const RECORDS = 24_000; // of each partition
const STORE_MS = 20; // what a batch takes where reading is ahead of storing

const outside = new Outside();
const started = new Started();

beforeAll(() => outside.connect());
afterAll(() => outside.close());
afterEach(() => started.stop());

describe('A consumer that is behind in all of its partitions', () => {
  // A record of these takes 100 bytes of its batch.
  it.each([
    { written: 'in batches that fit an answer', batch: 500 },
    ...(isPatched() ? [{ written: 'in batches above what an answer has of a partition', batch: 2_000 }] : []),
  ])('reads them evenly, written $written', async ({ batch }) => {
    const topic = await outside.topic(PARTITIONS);
    const texts = Array.from({ length: batch }, () => 'x'.repeat(90));
    const fill = async (partition: number): Promise<void> => {
      for (let sent = 0; sent < RECORDS; sent += batch) await outside.send(topic, partition, texts);
    };
    await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => fill(partition)));
    const read = Array.from({ length: PARTITIONS }, () => 0);
    let total = 0;
    started.start({
      topics: [topic],
      maxRecords: 2_000,
      fetchMinBytes: 65_536,
      fetchWaitMs: 20,
      handler: async ({ records }) => {
        for (const { partition } of records) read[partition] = (read[partition] ?? 0) + 1;
        total += records.length;
        await wait(STORE_MS);
      },
    });
    for (const share of [0.5, 0.75]) {
      await eventually(() => total >= share * PARTITIONS * RECORDS);
      expect(Math.min(...read)).toBeGreaterThan(Math.max(...read) / 2);
    }
  });
});
