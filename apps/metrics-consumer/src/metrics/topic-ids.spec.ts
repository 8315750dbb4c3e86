import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord, TopicDescription } from '@weir/kafka';

import { TopicIds } from './topic-ids.js';

const records: readonly ConsumedRecord[] = [
  { topic: 't', partition: 0, offset: 4, timestampMs: 0, key: null, value: null, headers: [] },
];

/** A cluster whose topic `t` has the id that `id` says; none where that is null. */
function cluster(id: () => string | null) {
  const clock = { ms: 0, asked: 0 };
  const describeTopics = async (): Promise<TopicDescription[]> => {
    clock.asked += 1;
    const topicId = id();
    return topicId === null ? [] : [{ name: 't', topicId, internal: false, partitions: [] }];
  };
  return { clock, ids: new TopicIds({ describeTopics, close: async () => {} }, () => clock.ms) };
}

describe('TopicIds', () => {
  it('asks once for many batches, and again after some seconds', async () => {
    const { clock, ids } = cluster(() => 'a');
    await expect(ids.rangesOf(records)).resolves.toEqual([{ topic: 't', topicId: 'a', partition: 0, from: 4, to: 5 }]);
    await ids.rangesOf(records);
    expect(clock.asked).toBe(1);
    clock.ms = 5_001;
    await ids.rangesOf(records);
    await ids.rangesOf(records);
    expect(clock.asked).toBe(2);
  });

  it('gives no range of a topic that was made again, until the new one is learned', async () => {
    let id = 'a';
    const { clock, ids } = cluster(() => id);
    await ids.rangesOf(records);
    id = 'b';
    clock.ms = 5_001;
    const recreated = { code: 'topic_recreated', retryable: true, topic: 't' };
    await expect(ids.rangesOf(records)).rejects.toMatchObject(recreated);
    await expect(ids.rangesOf(records)).rejects.toMatchObject(recreated);
    await ids.learn(['t']);
    await expect(ids.rangesOf(records)).resolves.toMatchObject([{ topicId: 'b' }]);
  });

  it('goes on with what was read of a topic that is gone', async () => {
    let id: string | null = 'a';
    const { clock, ids } = cluster(() => id);
    await ids.rangesOf(records);
    id = null;
    clock.ms = 5_001;
    await expect(ids.rangesOf(records)).resolves.toMatchObject([{ topicId: 'a' }]);
    await expect(ids.learn(['t'])).rejects.toMatchObject({ code: 'kafka_admin_failed', retryable: true });
  });
});
