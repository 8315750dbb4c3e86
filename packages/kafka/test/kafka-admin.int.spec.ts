import { afterAll, describe, expect, it } from '@jest/globals';
import { classify } from '@weir/errors';
import { eventually, uniqueName } from '@weir/testing';
import { days, defineTopic, json, metricsDlq, metricsRaw, type TopicDefinition } from '@weir/topics';

import { BatchConsumer, KafkaAdmin, RecordProducer } from '../src/index.js';
import { brokerProxy, connectionTo, freshTopic } from './clients.js';

const admin = new KafkaAdmin(connectionTo());
const operations: [string, string][] = [];
const watched = new KafkaAdmin(connectionTo(), {
  observer: { operation: (name, status) => operations.push([name, status]) },
});
afterAll(() => Promise.all([admin.close(), watched.close()]));

const definition = (more: Partial<TopicDefinition> = {}): TopicDefinition => ({
  ...defineTopic({
    name: uniqueName('ensured'),
    key: 'k',
    value: json('test'),
    partitions: 3,
    retentionMs: days(2),
    writtenBy: ['ingest-api'],
    readBy: ['query-api'],
    why: 'a test',
  }),
  ...more,
});

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    return classify(error).code;
  }
};

const send = async (topic: string, count: number): Promise<void> => {
  const producer = new RecordProducer(connectionTo(), {
    name: 'test',
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 1_000,
    maxQueuedBytes: 1_000_000,
  });
  await producer.start();
  await producer.send(Array.from({ length: count }, () => ({ topic, key: 'k', value: Buffer.from('v') })));
  await producer.close(1_000);
};

describe('KafkaAdmin, topics', () => {
  it('tells what is alive by a real round trip', async () => {
    const topic = await freshTopic('admin');
    const { brokerCount, topics } = await admin.ping();
    expect(brokerCount).toBe(1);
    expect(topics).toContain(topic);
    expect(await admin.listTopics()).toContain(topic);
  });

  it('describes partitions and an id that a topic of the same name does not share, and leaves out what is not there', async () => {
    const topic = await freshTopic('admin', { partitions: 2 });
    const [before] = await admin.describeTopics([topic, uniqueName('missing')]);
    expect(before).toEqual({
      name: topic,
      topicId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      internal: false,
      partitions: [0, 1].map((partition) => ({ partition, leader: 1, replicas: [1], isr: [1] })),
    });
    await admin.deleteTopics([topic]);
    await eventually(
      () => admin.describeTopics([topic]),
      (found) => found.length === 0,
    );
    await freshTopic('admin', { name: topic });
    const [after] = await eventually(
      () => admin.describeTopics([topic]),
      (found) => found.length === 1,
    );
    expect(after?.topicId).not.toBe(before?.topicId);
  });

  it('creates, grows and deletes a topic, and says what cannot be done', async () => {
    const name = uniqueName('admin');
    expect(await admin.createTopic({ name, partitions: 1 })).toBe('created');
    expect(await admin.createTopic({ name, partitions: 7 })).toBe('exists');
    await admin.createPartitions(name, 4);
    await eventually(
      () => admin.describeTopics([name]),
      ([found]) => found?.partitions.length === 4,
    );
    expect(await codeOf(admin.createPartitions(name, 2))).toBe('kafka_request_invalid');
    expect(await codeOf(admin.createTopic({ name: uniqueName('x'), partitions: 1, replicationFactor: 9 }))).toBe(
      'kafka_request_invalid',
    );
    expect(await codeOf(admin.createTopic({ name: uniqueName('x'), partitions: 1, config: { 'no.such': '1' } }))).toBe(
      'kafka_request_invalid',
    );
    await admin.deleteTopics([name]);
    expect(await codeOf(admin.deleteTopics([name]))).toBe('topic_missing');
  });

  it('alters one setting and keeps the others, though the request resets what it does not carry', async () => {
    const topic = await freshTopic('admin', { config: { 'retention.ms': '1000', 'max.message.bytes': '2000' } });
    await admin.alterConfigs(topic, { 'retention.ms': '5000' });
    // The broker learns of a change after the controller has answered.
    const settingsOnce = (value: string | null) =>
      eventually(
        async () => (await admin.describeConfigs([topic])).get(topic),
        (settings) => {
          const retention = settings?.get('retention.ms');
          return value === null ? retention?.overridden === false : retention?.value === value;
        },
      );
    const settings = await settingsOnce('5000');
    expect(settings?.get('retention.ms')).toEqual({ value: '5000', overridden: true });
    expect(settings?.get('max.message.bytes')).toEqual({ value: '2000', overridden: true });

    await admin.alterConfigs(topic, { 'retention.ms': null });
    const reset = await settingsOnce(null);
    expect(reset?.get('max.message.bytes')?.value).toBe('2000');
    expect(await codeOf(admin.describeConfigs([uniqueName('missing')]))).toBe('topic_missing');
  });

  it('deletes records up to an offset', async () => {
    const topic = await freshTopic('admin');
    await send(topic, 5);
    await admin.deleteRecords([{ topic, partition: 0, offset: 3 }]);
    expect(await admin.watermarks([topic])).toEqual([{ topic, partition: 0, low: 3, high: 5 }]);
  });

  it('leaves out topics that are deleted while their offsets are asked for', async () => {
    const kept = await freshTopic('kept');
    const names = Array.from({ length: 15 }, () => uniqueName('going'));
    for (const name of names) await freshTopic('going', { name });
    for (const name of names) {
      const asked = [admin.watermarks([kept, ...names]), admin.offsetsAt([kept, ...names], 0)];
      const [told] = await Promise.all([Promise.all(asked), admin.deleteTopics([name])]);
      for (const marks of told) expect(marks).toContainEqual(expect.objectContaining({ topic: kept }));
    }
    const left = await eventually(
      async () => (await admin.watermarks([kept, ...names])).map(({ topic }) => topic),
      ({ length }) => length <= 1, // a broker knows of a deletion a moment after it was answered
    );
    expect(left).toEqual([kept]);
  });
});

describe('KafkaAdmin, groups', () => {
  it('sees a group at work, its lag, and moves it only once it is empty', async () => {
    const topic = await freshTopic('admin');
    const groupId = uniqueName('group');
    await send(topic, 10);
    const consumer = new BatchConsumer(connectionTo(), { groupId, topics: [topic], handler: async () => undefined });
    await consumer.start();
    await eventually(
      () => admin.lag(groupId),
      ([found]) => found?.committed === 10,
    );
    expect(await admin.listGroups()).toContain(groupId);
    expect(await admin.describeGroups([groupId])).toMatchObject([
      {
        groupId,
        state: 'stable',
        members: [{ clientId: expect.stringMatching(/^test-/), assignment: [{ topic, partition: 0 }] }],
      },
    ]);
    expect(await codeOf(admin.setOffsets(groupId, [{ topic, partition: 0, offset: 4 }]))).toBe('group_active');

    await consumer.stop(5_000);
    await eventually(
      () => admin.describeGroups([groupId]),
      ([found]) => found?.state === 'empty',
    );
    await admin.setOffsets(groupId, [{ topic, partition: 0, offset: 4 }]);
    expect(await admin.offsets(groupId)).toEqual([{ topic, partition: 0, offset: 4 }]);
    expect(await admin.lag(groupId)).toEqual([{ topic, partition: 0, low: 0, high: 10, committed: 4, lag: 6 }]);
  });

  it('tells where a time begins in each partition: the first record, or the end where none is that late', async () => {
    const topic = await freshTopic('admin', { partitions: 2 });
    await send(topic, 3);
    const at = async (timeMs: number) => (await admin.offsetsAt([topic], timeMs)).map(({ offset }) => offset);
    const ends = (await admin.watermarks([topic])).map(({ high }) => high);
    expect(ends.reduce((sum, high) => sum + high, 0)).toBe(3);
    expect(await at(0)).toEqual([0, 0]);
    expect(await at(Date.now() + 3_600_000)).toEqual(ends);
    expect(await admin.offsetsAt([uniqueName('nowhere')], 0)).toEqual([]);
  });

  it('counts everything as lag for a group that has committed nothing, and knows a group that is not there as dead', async () => {
    const topic = await freshTopic('admin');
    await send(topic, 3);
    const groupId = uniqueName('group');
    expect(await admin.lag(groupId, [topic])).toEqual([
      { topic, partition: 0, low: 0, high: 3, committed: null, lag: 3 },
    ]);
    expect(await admin.lag(groupId)).toEqual([]);
    expect(await admin.describeGroups([groupId])).toMatchObject([{ groupId, state: 'dead', members: [] }]);
  });
});

describe('KafkaAdmin, of a group whose coordinator was away for longer than a call waits', () => {
  it('says so, and knows the offsets when it is back', async () => {
    const proxy = await brokerProxy();
    const behind = new KafkaAdmin(connectionTo(proxy.bootstrapServers), { timeoutMs: 2_000 });
    const topic = await freshTopic('admin');
    const groupId = uniqueName('group');
    const at = [{ topic, partition: 0, offset: 0 }];
    try {
      await admin.setOffsets(groupId, at);
      expect(await behind.stableOffsets(groupId, [topic])).toEqual(at);
      await proxy.cut();
      expect(await codeOf(behind.offsets(groupId))).toBe('kafka_unavailable');
      expect(await codeOf(behind.stableOffsets(groupId, [topic]))).toBe('kafka_unavailable');
      await proxy.resume();
      await eventually(
        () => codeOf(behind.ping()),
        (code) => code === 'done',
      );
      expect(await behind.offsets(groupId)).toEqual(at);
      expect(await behind.stableOffsets(groupId, [topic])).toEqual(at);
    } finally {
      await behind.close();
      await proxy.close();
    }
  });
});

describe('ensureTopics', () => {
  it('makes what is missing as the registry wants it, and finds nothing to say the next time', async () => {
    const wanted = [
      definition(),
      definition({ cleanupPolicy: 'compact', retentionMs: null, partitions: 1, timestampType: 'LogAppendTime' }),
      { ...metricsRaw, name: uniqueName('metrics.raw') },
      { ...metricsDlq, name: uniqueName('metrics.dlq') },
    ];
    const made = await admin.ensureTopics(wanted);
    expect(made.map(({ status, drift, problem }) => ({ status, drift, problem }))).toEqual(
      wanted.map(() => ({ status: 'created', drift: [], problem: null })),
    );
    const again = await admin.ensureTopics(wanted);
    expect(again.map(({ name, status, topicId }) => ({ name, status, topicId }))).toEqual(
      made.map(({ name, topicId }) => ({ name, status: 'ok', topicId })),
    );
    const settings = (await admin.describeConfigs([made[2]?.name ?? ''])).get(made[2]?.name ?? '');
    expect(settings?.get('message.timestamp.type')?.value).toBe('LogAppendTime');
    // One broker: asking for two in-sync replicas would refuse every record.
    expect(settings?.get('min.insync.replicas')?.value).toBe('1');
  });

  it('lets several services start at once', async () => {
    const wanted = Array.from({ length: 4 }, () => definition());
    const reports = await Promise.all(Array.from({ length: 5 }, () => admin.ensureTopics(wanted)));
    const statuses = reports.flat().map((report) => report.status);
    expect(
      reports
        .flat()
        .map((r) => r.problem)
        .filter(Boolean),
    ).toEqual([]);
    expect(new Set(statuses)).toEqual(new Set(['created', 'ok']));
    expect(statuses.filter((s) => s === 'created')).toHaveLength(4);
  });

  it('reports what is wrong and alters nothing', async () => {
    const topic = await freshTopic('drifted', {
      partitions: 2,
      config: { 'retention.ms': '1000', 'compression.type': 'gzip' },
    });
    const wanted = definition({ name: topic, timestampType: 'LogAppendTime' });
    const report = async (): Promise<unknown> => (await admin.ensureTopics([wanted]))[0];
    const found = {
      name: topic,
      status: 'drift',
      topicId: expect.any(String),
      drift: [
        { setting: 'partitions', wanted: '3', actual: '2' },
        { setting: 'retention.ms', wanted: String(days(2)), actual: '1000' },
        { setting: 'message.timestamp.type', wanted: 'LogAppendTime', actual: 'CreateTime' },
        { setting: 'compression.type', wanted: 'producer', actual: 'gzip' },
        { setting: 'max.message.bytes', wanted: '1048576', actual: '1048588' },
      ],
      problem: null,
      code: null,
    };
    expect(await report()).toEqual(found);
    expect(await report()).toEqual(found);
  });

  it('names what is missing where it may not or cannot make it', async () => {
    const wanted = definition();
    expect(await admin.ensureTopics([wanted], { create: false })).toMatchObject([{ status: 'missing', topicId: null }]);
    const impossible = definition({ partitions: -7 });
    const fine = definition();
    expect(await admin.ensureTopics([impossible, fine])).toMatchObject([
      { status: 'missing', problem: expect.stringContaining(impossible.name) },
      { status: 'created' },
    ]);
  });
});

describe('KafkaAdmin, when the brokers are away', () => {
  it('rejects every call with a KafkaAdminError in time, counts it, and works again afterwards', async () => {
    const broker = await brokerProxy();
    await broker.cut();
    const failures: string[] = [];
    const away = new KafkaAdmin(connectionTo(broker.bootstrapServers), {
      timeoutMs: 1_000,
      observer: { operation: (name, status) => status === 'failure' && failures.push(name) },
    });
    const since = performance.now();
    const codes = await Promise.all([
      codeOf(away.ping(300)),
      codeOf(away.describeTopics(['t'])),
      codeOf(away.describeConfigs(['t'])),
      codeOf(away.setOffsets('g', [{ topic: 't', partition: 0, offset: 0 }])),
      codeOf(away.ensureTopics([definition()])),
    ]);
    expect(codes).toEqual(codes.map(() => 'kafka_unavailable'));
    expect(performance.now() - since).toBeLessThan(20_000); // a client's own time-outs are of a minute
    expect(failures).toEqual(
      expect.arrayContaining(['ping', 'describe_topics', 'describe_configs', 'set_offsets', 'ensure_topics']),
    );

    await broker.resume();
    await eventually(
      () => away.ping(),
      (found) => found.brokerCount === 1,
    );
    await away.close();
    await broker.close();
  });

  it('counts what it does', async () => {
    await watched.ping();
    expect(operations).toEqual([['ping', 'success']]);
  });
});
