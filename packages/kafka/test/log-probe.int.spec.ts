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

  it('answers null where only a control record, or nothing at all, follows', async () => {
    const topic = await outside.topic();
    await outside.sendInTransaction(topic, 0, ['a'], true); // 0 and a commit at 1
    await expect(probe.lookFrom({ topic, partition: 0, offset: 1 })).resolves.toEqual({
      lowWatermark: 0,
      firstOffset: null,
    });
    await expect(probe.lookFrom({ topic, partition: 0, offset: 2 })).resolves.toMatchObject({ firstOffset: null });
  });

  it('rejects where no broker answers', async () => {
    const away = new LogProbe({ ...connection(), bootstrapServers: '127.0.0.1:1' }, 500);
    await expect(away.lookFrom({ topic: 'x', partition: 0, offset: 0 })).rejects.toMatchObject({
      code: 'kafka_unavailable',
    });
  });
});
