import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchConsumer } from '@weir/kafka';
import { eventually, uniqueName } from '@weir/testing';

import { type Body, ClusterBench, connection, itemsOf } from './support/cluster-bench.js';

let bench: ClusterBench;
beforeAll(async () => {
  bench = await ClusterBench.start();
});
afterAll(() => bench.close());

describe('consumer groups', () => {
  const group = uniqueName('group');
  const member = () =>
    new BatchConsumer(connection(), { groupId: group, topics: [bench.topic], handler: () => Promise.resolve() });
  const read = async (): Promise<void> => {
    const consumer = member();
    await consumer.start();
    await eventually(
      () => bench.admin.kafka.lag(group, [bench.topic]),
      (partitions) => partitions.length === 4 && partitions.every(({ lag }) => lag === 0),
      { timeoutMs: 60_000 },
    );
    const detail = await bench.admin.done('GET', `/consumer-groups/${group}`, bench.as('viewer'));
    expect(detail).toMatchObject({ state: 'stable', members: [{ clientId: expect.any(String) }], lag: 0 });
    expect((detail['partitions'] as Body[])[0]).toMatchObject({ memberId: expect.any(String), behindMs: 0 });
    const active = await reset({ to: 'earliest', confirm: true });
    expect(active).toMatchObject({ status: 409, body: { code: 'group_active', state: 'stable' } });
    await consumer.stop(5_000);
  };
  const reset = (body: Body, groupId = group) =>
    bench.admin.call('POST', `/api/v1/consumer-groups/${groupId}/offsets`, {
      body: { topic: bench.topic, reason: 'a test', ...body },
    });
  const committed = async () =>
    new Map(
      (await bench.admin.kafka.stableOffsets(group, [bench.topic])).map(({ partition, offset }) => [partition, offset]),
    );

  it('tell members, lag and time behind, and keep their offsets while they have members', async () => {
    await bench.send([0, 2, 2, 2, 2, 2].map((partition) => ({ partition, value: Buffer.from('first') })));
    await read();
    const left = await eventually(
      () => bench.admin.done('GET', `/consumer-groups/${group}`),
      ({ state }) => state === 'empty',
    );
    expect(left).toMatchObject({ state: 'empty', members: [] });
    await bench.send([{ partition: 0, value: Buffer.from('next'), timestampMs: Date.now() - 90_000 }]);
    const detail = await bench.admin.done('GET', `/consumer-groups/${group}`);
    const [first] = detail['partitions'] as { behindMs: number }[];
    expect(first).toMatchObject({ partition: 0, committed: 1, high: 2, lag: 1, memberId: null });
    expect(first?.behindMs).toBeGreaterThanOrEqual(90_000);
    expect(first?.behindMs).toBeLessThan(600_000);
    const listed = await bench.everyItem('/consumer-groups?limit=100');
    expect(listed.find(({ groupId }) => groupId === group)).toEqual({
      groupId: group,
      state: 'empty',
      members: 0,
      lag: 1,
    });
  });

  it('are moved by who may, after a look at what that would do, with before and after in the audit', async () => {
    const before = await committed();
    const look = await reset({ to: 'earliest', partitions: [0, 2] });
    expect(look).toMatchObject({
      status: 200,
      body: {
        done: false,
        partitions: [
          { partition: 0, before: 1, after: 0, passedOver: 0, readAgain: 1 },
          { partition: 2, before: 5, after: 0 },
        ],
      },
    });
    expect(await committed()).toEqual(before);
    expect((await reset({ to: 'earliest', partitions: [0, 2], confirm: true })).body).toMatchObject({ done: true });
    expect(await committed()).toEqual(new Map([...before, [0, 0], [2, 0]]));
    const [entry] = itemsOf(await bench.admin.done('GET', '/audit?action=consumer_groups.reset_offsets&limit=1'));
    expect(entry).toMatchObject({
      target: `consumer-group:${group}`,
      before: { topic: bench.topic, offsets: { '0': 1, '2': 5 } },
      after: { topic: bench.topic, offsets: { '0': 0, '2': 0 }, to: 'earliest', reason: 'a test' },
    });
  });

  it('are moved to the end, to a time, and to an offset that is there', async () => {
    await reset({ to: 'latest', confirm: true });
    expect((await committed()).get(2)).toBe(5);
    await reset({ to: 'time', time: Date.now() - 600_000, partitions: [2], confirm: true });
    expect((await committed()).get(2)).toBe(0);
    await reset({ to: 'offset', offset: 3, partitions: [2], confirm: true });
    expect((await committed()).get(2)).toBe(3);
    expect(await reset({ to: 'offset', offset: 6, partitions: [2], confirm: true })).toMatchObject({
      status: 422,
      body: { code: 'field_invalid' },
    });
    expect((await committed()).get(2)).toBe(3);
  });

  it.each([
    [{ to: 'middle' }, 'field_invalid'],
    [{ to: 'time' }, 'field_missing'],
    [{ to: 'offset' }, 'field_missing'],
    [{ to: 'earliest', partitions: [7] }, 'field_invalid'],
    [{ to: 'earliest', partitions: [] }, 'field_invalid'],
    [{ to: 'earliest', confirm: 'yes' }, 'field_invalid'],
    [{ to: 'earliest', reason: '' }, 'field_invalid'],
    [{ to: 'earliest', dryRun: true }, 'field_unknown'],
  ])('are not moved by %j', async (body, code) => {
    expect(await reset(body)).toMatchObject({ status: 422, body: { code } });
  });

  it('that never were are not found, and none is made', async () => {
    const nobody = uniqueName('nobody');
    expect(await bench.admin.call('GET', `/api/v1/consumer-groups/${nobody}`)).toMatchObject({
      status: 404,
      body: { code: 'consumer_group_not_found' },
    });
    expect(await reset({ to: 'latest', confirm: true }, nobody)).toMatchObject({ status: 404 });
    expect(await reset({ to: 'latest', topic: 'nobody-has-this-one' })).toMatchObject({
      status: 404,
      body: { code: 'topic_not_found' },
    });
  });
});
