import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { LogProbe } from '../src/index.js';
import { connection, Outside } from './kafka-fixture.js';

const outside = new Outside();
const probe = new LogProbe(connection());

beforeAll(() => outside.connect());
afterAll(() => outside.close());

describe('LogProbe', () => {
  it('finds the record at an offset, and past control records and aborted ones the next that may be read', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, ['a']); // 0
    await outside.sendInTransaction(topic, 0, ['gone', 'gone'], false); // 1, 2 and an abort at 3
    await outside.sendInTransaction(topic, 0, ['b'], true); // 4 and a commit at 5
    await outside.send(topic, 0, ['c']); // 6

    const first = async (offset: number) => (await probe.lookFrom({ topic, partition: 0, offset })).firstOffset;
    expect([await first(0), await first(1), await first(3), await first(5)]).toEqual([0, 4, 4, 6]);
  });

  it('finds the first record in any of many stretches, in one go', async () => {
    const topic = await outside.topic();
    for (let round = 0; round < 5; round += 1) await outside.sendInTransaction(topic, 0, ['a'], true); // records at 0, 2, …, commits at 1, 3, …
    const markers = [1, 3, 5, 7].map((from) => ({ from, to: from + 1 }));
    const first = async (stretches: readonly { from: number; to: number }[]) =>
      (await probe.lookInto({ topic, partition: 0 }, stretches)).firstOffset;
    expect(await first(markers)).toBeNull();
    expect(await first([...markers, { from: 8, to: 9 }])).toBe(8);
    expect(await first([...markers.slice(0, 2), { from: 5, to: 9 }])).toBe(6);
    expect(await first([{ from: 9, to: 10 }])).toBeNull();
    expect(await first([{ from: 50, to: 60 }])).toBeNull();
  });

  it('answers null where only a control record, or nothing at all, follows', async () => {
    const topic = await outside.topic();
    await outside.sendInTransaction(topic, 0, ['a'], true); // 0 and a commit at 1
    await expect(probe.lookFrom({ topic, partition: 0, offset: 1 })).resolves.toEqual({
      lowWatermark: 0,
      firstOffset: null,
    });
    await expect(probe.lookFrom({ topic, partition: 0, offset: 2 })).resolves.toMatchObject({ firstOffset: null });
  });

  it('tells when the first and the last record of a range were appended, of those that may be read', async () => {
    const topic = await outside.topic();
    const firstMs = Date.now() - 60_000; // older ones may be deleted at any time
    const [secondMs, thirdMs] = [firstMs + 1_000, firstMs + 2_000];
    await outside.send(topic, 0, ['a'], { timeMs: firstMs }); // 0
    await outside.send(topic, 0, ['b'], { timeMs: secondMs }); // 1
    await outside.sendInTransaction(topic, 0, ['gone', 'gone', 'gone'], false); // 2, 3, 4 and an abort at 5
    await outside.send(topic, 0, ['c'], { timeMs: thirdMs }); // 6
    const times = (from: number, to: number) => probe.appendTimes({ topic, partition: 0 }, from, to);
    expect(await times(0, 7)).toEqual({ firstMs, lastMs: thirdMs });
    expect(await times(0, 6)).toEqual({ firstMs, lastMs: secondMs });
    expect(await times(1, 2)).toEqual({ firstMs: secondMs, lastMs: secondMs });
    expect(await times(2, 6)).toEqual({ firstMs: null, lastMs: null });
    expect(await times(7, 7)).toEqual({ firstMs: null, lastMs: null });
  });

  it('rejects where no broker answers', async () => {
    const away = new LogProbe({ ...connection(), bootstrapServers: '127.0.0.1:1' }, 500);
    await expect(away.lookFrom({ topic: 'x', partition: 0, offset: 0 })).rejects.toMatchObject({
      code: 'kafka_unavailable',
    });
  });
});
