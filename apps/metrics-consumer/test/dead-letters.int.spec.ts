import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaVersion } from '@weir/avro';
import { eventually } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { ConsumerApp } from './support/consumer-app.js';
import { event, events, header } from './support/events.js';

let consumer: ConsumerApp;

beforeAll(async () => {
  consumer = await ConsumerApp.create(() => ({}), 1);
  await consumer.start();
});
afterAll(() => consumer.close());

describe('metrics-consumer, given records that can never be stored', () => {
  it('puts each into the DLQ with its reason and its exact bytes, and stores their neighbours', async () => {
    const { topics } = consumer;
    const encode = (changes: Parameters<typeof event>[0], version: SchemaVersion = SchemaVersion.V3): Buffer =>
      topics.encode([event(changes)], version)[0] ?? Buffer.alloc(0);
    const good = encode({});
    const unknownSchema = Buffer.from(good);
    unknownSchema.writeUInt32BE(2_000_000_000, 1);
    const bad: { reason: string; value: Buffer | null; headers?: ReturnType<typeof header>[] }[] = [
      { reason: 'frame', value: Buffer.from('not avro at all') },
      { reason: 'frame', value: Buffer.alloc(0) },
      { reason: 'unknown_schema', value: unknownSchema },
      { reason: 'decode', value: good.subarray(0, good.length - 3) },
      { reason: 'null_value', value: null },
      { reason: 'tenant', value: encode({ tenant_id: '' }) },
      { reason: 'tenant', value: good, headers: [header('tenant-id', 'somebody-else')] },
      { reason: 'tenant', value: encode({}, SchemaVersion.V1) },
      { reason: 'name', value: encode({ name: 'no spaces' }) },
      { reason: 'labels', value: encode({ labels: { 'a-b': 'x' } }) },
      { reason: 'labels', value: encode({ labels: { a: 'nul \0' } }) },
      { reason: 'value', value: encode({ value: Infinity }) },
      { reason: 'timestamp', value: encode({ timestamp: -1 }) },
    ];
    // Each bad record has good neighbours in the same batch.
    const now = Date.now();
    const records = bad.flatMap((record, i) => [
      { value: encode({ name: 'neighbour', value: i, timestamp: now - i }), partition: 0, key: `good-${i}` },
      { value: record.value, headers: record.headers ?? [], partition: 0, key: `bad-${i}` },
    ]);
    await topics.send(records);

    const letters = await topics.deadLetters(bad.length);
    expect(letters.map(({ envelope }) => envelope.dlq_metadata.reason)).toEqual(bad.map(({ reason }) => reason));
    expect(letters.map(({ envelope }) => envelope.source.raw_value_hex)).toEqual(
      bad.map(({ value }) => value?.toString('hex') ?? null),
    );
    const ledger = await consumer.untilSettled(records.length);
    expect(ledger).toMatchObject({
      balanced: true,
      partitions: [{ first: 0, next: 26, stored: 13, dead_lettered: 13, gap: 0, expired: 0 }],
    });
    const values = (await consumer.samples()).map(({ value }) => value).toSorted((a, b) => a - b);
    expect(values).toEqual(bad.map((_, i) => i));
  });

  it('tells operators where a dead letter comes from, whose it is, how it failed, and all that it brought', async () => {
    const { topics, group } = consumer;
    const [value] = topics.encode([event({ name: 'no spaces' })]);
    const key = Buffer.from([0xff, 0x00]);
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = [header('correlation-id', 'c-1'), header('traceparent', `00-${trace}-00f067aa0ba902b7-01`)];
    await topics.send([{ value: value ?? null, key, headers, partition: 0 }]);
    const letter = (await topics.deadLetters(14)).at(-1);
    const [{ topic_id: topicId } = { topic_id: '' }] = (await consumer.ledger()).partitions;
    expect(letter?.envelope).toEqual({
      dlq_metadata: {
        routed_at_utc: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        reason: 'name',
        error: expect.stringContaining('name'),
        class: 'invalid',
        fingerprint: expect.stringMatching(/^[0-9a-f]{16,}$/),
        attempts: 1,
        consumer_group: group,
        service_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        schema_id: value?.readUInt32BE(1),
        tenant_id: 'acme',
        trace_id: trace,
      },
      source: {
        topic: topics.raw,
        partition: 0,
        offset: 26,
        timestamp_ms: expect.any(Number),
        key: null, // no UTF-8: the bytes are in key_hex
        raw_value_hex: value?.toString('hex'),
        headers: headers.map((each) => ({ key: each.key, value_hex: each.value?.toString('hex') })),
        key_hex: 'ff00',
      },
    });
    expect(letter?.record.key).toEqual(key);
    const kip1191 = letter?.record.headers.map((each) => [each.key, String(each.value)]);
    expect(kip1191).toEqual(
      expect.arrayContaining([
        ['__dlq.errors.topic', topics.raw],
        ['__dlq.errors.partition', '0'],
        ['__dlq.errors.offset', '26'],
        ['__dlq.errors.group', group],
        ['__dlq.errors.delivery.count', '1'],
        ['weir-origin', `${topicId}/0/26/${group}`],
      ]),
    );
  });

  it('takes a row that the database refuses alone for one of them, and stores its batch', async () => {
    await consumer.sql('ALTER TABLE metrics.samples ADD CONSTRAINT samples_no_666 CHECK (value <> 666)');
    await consumer.topics.sendEvents(
      [1, 666, 3].map((value) => event({ name: 'refused', labels: { value: String(value) }, value })),
    );
    const letter = (await consumer.topics.deadLetters(15)).at(-1);
    expect(letter?.envelope.dlq_metadata).toMatchObject({ class: 'rejected', reason: 'database', tenant_id: 'acme' });
    expect(await consumer.untilSettled(30)).toMatchObject({
      balanced: true,
      partitions: [{ stored: 15, dead_lettered: 15 }],
    });
    const stored = (await consumer.samples()).filter(({ name }) => name === 'refused');
    expect(new Set(stored.map(({ value }) => value))).toEqual(new Set([1, 3]));
  });

  it('counts them by reason', async () => {
    const { body } = await consumer.get('/metrics');
    expect(body).toContain('kafka_dlq_messages_total{reason="frame"} 2');
    expect(body).toContain('kafka_dlq_messages_total{reason="tenant"} 3');
    expect(body).toContain('kafka_dlq_messages_total{reason="database"} 1');
    expect(body).toContain('kafka_messages_processed_total{status="failure"} 15');
  });
});

describe('metrics-consumer, when the topic of dead letters is gone', () => {
  it('settles and commits nothing of the batch until its dead letter is acknowledged', async () => {
    const app = await ConsumerApp.create(() => ({ DEAD_LETTER_DELIVERY_TIMEOUT: '1s' }), 1);
    try {
      await app.start();
      await app.topics.sendEvents(events(10, { name: 'before' }));
      await app.untilSettled(10);
      await app.untilCaughtUp();
      await app.removeTopic(metricsDlq);
      await app.topics.send([{ value: Buffer.from('not avro'), partition: 0 }]);
      await app.topics.sendEvents(events(10, { name: 'behind' }));

      await eventually(
        () => app.get('/metrics'),
        ({ body }) => /weir_consumer_batch_retries_total\{[^}]*code="[a-z_]+"\} (?:[2-9]|\d{2})/.test(body),
      );
      expect(await app.get('/health/ready')).toMatchObject({ status: 503 });
      expect(await app.settled()).toMatchObject({ stored: 10, deadLettered: 0 });
      expect(await app.committed()).toBe(10);

      await app.topics.make(metricsDlq);
      expect(await app.untilSettled(21)).toMatchObject({ balanced: true, partitions: [{ dead_lettered: 1 }] });
      const letters = await app.topics.deadLetters(1);
      expect(new Set(letters.map(({ envelope }) => envelope.source.offset))).toEqual(new Set([10]));
      await app.untilCaughtUp();
    } finally {
      await app.close();
    }
  });
});
