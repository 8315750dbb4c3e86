import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { grouplessSettings } from '../src/clients/consumer/groupless.js';
import { NativeClient } from '../src/clients/consumer/native-client.js';
import { connection, numbered, Outside } from './kafka-fixture.js';

const outside = new Outside();
beforeAll(() => outside.connect());
afterAll(() => outside.close());

describe('NativeClient.startAt', () => {
  it('reads on from an offset, also where the client has not begun to read the partition, and leaves it paused', async () => {
    const topic = await outside.topic();
    await outside.send(topic, 0, numbered(0, 20));
    const partition = { topic, partition: 0 };
    const client = new NativeClient(grouplessSettings(connection(), 'test'), {
      rebalance: () => undefined,
      error: () => undefined,
      readable: () => undefined,
    });
    await client.connect(10_000);
    try {
      client.assign([partition]);
      client.pause([partition]);
      // Nobody has told yet where the group stands.
      await expect(client.seek({ ...partition, offset: 7 })).rejects.toMatchObject({ code: -172 });
      await client.startAt({ ...partition, offset: 7 });
      expect(await client.consume(10)).toEqual([]);
      const next = async (): Promise<number | undefined> =>
        eventually(
          async () => (await client.consume(1))[0]?.offset,
          (offset) => offset !== undefined,
        );
      client.resume([partition]);
      expect(await next()).toBe(7);
      await client.startAt({ ...partition, offset: 3 });
      expect(await next()).toBe(3);
    } finally {
      await client.close();
    }
  });
});
