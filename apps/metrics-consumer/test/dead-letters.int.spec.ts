import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaVersion } from '@weir/avro';

import { ConsumerApp } from './support/consumer-app.js';
import { event, header } from './support/events.js';

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

  it('tells operators where a dead letter comes from, whose it is and how it failed', async () => {
    const [letter] = await consumer.topics.deadLetters(1);
    const topic = consumer.topics.raw;
    expect(letter?.envelope).toMatchObject({
      dlq_metadata: { class: 'poison', reason: 'frame', attempts: 1, consumer_group: consumer.group, tenant_id: null },
      source: { topic, partition: 0, offset: 1, key: 'bad-0' },
    });
    const headers = Object.fromEntries(letter?.record.headers.map(({ key, value }) => [key, String(value)]) ?? []);
    expect(headers).toMatchObject({ '__dlq.errors.topic': topic, '__dlq.errors.offset': '1' });
    expect(headers['weir-origin']).toContain('/0/1');
    const letters = await consumer.topics.deadLetters(13);
    const nameLetter = letters.find(({ envelope }) => envelope.dlq_metadata.reason === 'name');
    expect(nameLetter?.envelope.dlq_metadata).toMatchObject({ class: 'invalid', tenant_id: 'acme' });
    expect(nameLetter?.envelope.dlq_metadata.schema_id).toBeGreaterThan(0);
  });

  it('counts them by reason', async () => {
    const { body } = await consumer.get('/metrics');
    expect(body).toContain('kafka_dlq_messages_total{reason="frame"} 2');
    expect(body).toContain('kafka_dlq_messages_total{reason="tenant"} 3');
    expect(body).toContain('kafka_messages_processed_total{status="failure"} 13');
  });
});
