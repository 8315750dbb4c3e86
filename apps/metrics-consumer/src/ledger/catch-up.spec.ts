import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@weir/errors';
import type { TopicPartitionOffset } from '@weir/kafka';

import { TopicRecreatedError } from '../metrics/topic-ids.js';
import { CatchUp } from './catch-up.js';

const AT = { topic: 'metrics.raw', partition: 0 };

/** What the consumer is sent to where the line stands at `next`, and `offset` is what has been read. */
async function sentTo(next: number, offset: number, faults: { store?: Error; topic?: Error } = {}) {
  const sent: TopicPartitionOffset[] = [];
  const catchUp = new CatchUp(
    {
      startOffsets: (asked) =>
        faults.store === undefined
          ? Promise.resolve(asked.map((each) => ({ ...each, offset: next })))
          : Promise.reject(faults.store),
    },
    {
      idOf: () => '0c766f4e-4033-482a-9810-facaa7246010',
      confirm: () => (faults.topic === undefined ? Promise.resolve() : Promise.reject(faults.topic)),
    },
    () => ({
      advance: (offsets) => {
        sent.push(...offsets);
        return Promise.resolve();
      },
    }),
  );
  await catchUp.past([{ ...AT, offset }]);
  return sent;
}

describe('CatchUp', () => {
  it('goes on at the line where that stands past what was read, and only there', async () => {
    expect(await sentTo(10, 9)).toEqual([{ ...AT, offset: 10 }]);
    expect(await sentTo(10, 10)).toEqual([]);
    expect(await sentTo(0, 10)).toEqual([]);
  });

  it('does not follow the line of a topic in whose place another was made', async () => {
    expect(await sentTo(10, 9, { topic: new TopicRecreatedError('metrics.raw') })).toEqual([]);
  });

  it('leaves it at that while the ledger cannot be read', async () => {
    expect(await sentTo(10, 9, { store: new StoreUnavailableError('away') })).toEqual([]);
  });
});
