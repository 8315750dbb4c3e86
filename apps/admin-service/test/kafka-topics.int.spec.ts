import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';
import { auditLog, metricsRaw, tenants } from '@weir/topics';

import { type Body, ClusterBench, itemsOf } from './support/cluster-bench.js';

let bench: ClusterBench;
beforeAll(async () => {
  bench = await ClusterBench.start();
});
afterAll(() => bench.close());

describe('topics', () => {
  it("are Weir's own by name, as the registry wants them, page by page", async () => {
    const names = bench.admin.topics.all.map((topic) => bench.admin.topics.name(topic)).toSorted();
    const first = await bench.admin.done('GET', '/topics?limit=4', bench.as('viewer'));
    const second = await bench.admin.done(
      'GET',
      `/topics?limit=4&cursor=${String(first['nextCursor'])}`,
      bench.as('viewer'),
    );
    expect([...itemsOf(first), ...itemsOf(second)].map(({ name }) => name)).toEqual(names);
    expect(second['nextCursor']).toBeNull();
    const own = [...itemsOf(first), ...itemsOf(second)].find(({ definition }) => definition === 'tenants');
    expect(own).toMatchObject({
      name: bench.admin.topics.name(tenants),
      status: 'ok',
      drift: [],
      partitions: 1,
      offlinePartitions: 0,
      underReplicatedPartitions: 0,
    });
  });

  it("show everybody's only to who asks for them, and never Kafka's own", async () => {
    const own = itemsOf(await bench.admin.done('GET', '/topics?limit=500'));
    expect(own.some(({ name }) => name === bench.topic)).toBe(false);
    const all = await bench.everyItem('/topics?limit=200&all=true');
    expect(all.find(({ name }) => name === bench.topic)).toMatchObject({
      status: 'foreign',
      definition: null,
      partitions: 4,
    });
    expect(all.some(({ name }) => String(name).startsWith('__'))).toBe(false);
  });

  it('tell leaders, replicas, settings, offsets and how much comes in', async () => {
    await bench.send(Array.from({ length: 120 }, (_, i) => ({ partition: 1, value: Buffer.from(`${i}`) })));
    const topic = await bench.admin.done('GET', `/topics/${bench.topic}`, bench.as('viewer'));
    expect(topic).toMatchObject({ name: bench.topic, why: null, offsets: 120, messagesPerSecond: 2 });
    expect((topic['partitionDetails'] as Body[])[1]).toMatchObject({
      partition: 1,
      leader: expect.any(Number),
      replicas: [expect.any(Number)],
      isr: [expect.any(Number)],
      low: 0,
      high: 120,
      messagesPerSecond: 2,
    });
    expect(topic['settings']).toMatchObject({ 'max.message.bytes': { value: '3000000', overridden: true } });
  });

  it('say where one departs from the registry, and what is missing is made by who may, and audited', async () => {
    const audit = bench.admin.topics.name(auditLog);
    await bench.admin.kafka.alterConfigs(audit, { 'retention.ms': '1000' });
    const drifted = await eventually(
      () => bench.admin.done('GET', `/topics/${audit}`),
      ({ status }) => status !== 'ok', // the broker learns of the change after the controller has answered
    );
    expect(drifted).toMatchObject({ status: 'drift', drift: [{ setting: 'retention.ms', actual: '1000' }] });
    await bench.admin.kafka.alterConfigs(audit, { 'retention.ms': String(auditLog.retentionMs) });
    const raw = bench.admin.topics.name(metricsRaw); // admin-service neither writes nor reads it, and so never made it
    expect(await bench.admin.done('GET', `/topics/${raw}`)).toMatchObject({
      status: 'missing',
      topicId: null,
      partitions: 0,
    });
    const made = await bench.admin.done('POST', '/topics/create-missing', bench.as('operator'));
    expect(made).toEqual({ created: [raw], missing: [] });
    // Brokers learn one after the other who leads its partitions: until then it is 503, which says to try again.
    const seen = await eventually(
      () => bench.admin.call('GET', `/api/v1/topics/${raw}`),
      ({ status }) => status !== 503,
    );
    expect(seen).toMatchObject({ status: 200, body: { status: 'ok', partitions: metricsRaw.partitions } });
    const [entry] = itemsOf(await bench.admin.done('GET', '/audit?action=topics.create_missing&limit=1'));
    expect(entry).toMatchObject({ before: { missing: [raw] }, after: { missing: [] }, result: 'ok' });
    await bench.admin.kafka.deleteTopics([raw]);
  });

  it.each(['nobody-has-this-one', 'no%20name%20of%20a%20topic', '..'.padEnd(90, 'x')])(
    '%s is not found',
    async (name) => {
      for (const path of [name, `${name}/messages?partition=0`])
        expect(await bench.admin.call('GET', `/api/v1/topics/${path}`)).toMatchObject({
          status: 404,
          body: { code: 'topic_not_found' },
        });
    },
  );
});
