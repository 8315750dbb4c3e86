import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordDecodeError } from '@weir/errors';

import {
  type ConsumedRecord,
  type DeadLetter,
  DeadLetterPublisher,
  deadLetterProducerOptions,
  isUnreadable,
  ORIGIN_HEADER,
  originalBytes,
  parseEnvelope,
  RecordProducer,
} from '../src/index.js';
import { connectionTo, freshTopic, readAll } from './clients.js';

const TOPIC_ID = '0c766f4e-4033-482a-9810-facaa7246010';
const producer = new RecordProducer(connectionTo(), { ...deadLetterProducerOptions, connectWaitMs: 30_000 });
beforeAll(() => producer.start());
afterAll(() => producer.close(1_000));

const letter = (record: Partial<ConsumedRecord>, offset = 0): DeadLetter => ({
  record: { topic: 'raw', partition: 2, offset, timestampMs: 5, key: null, value: null, headers: [], ...record },
  topicId: TOPIC_ID,
  class: 'poison',
  reason: 'decode',
  error: new RecordDecodeError('decode', 'no such branch'),
  schemaId: 7,
  tenantId: null,
  attempts: 3,
});

describe('DeadLetterPublisher', () => {
  it('has a letter in the DLQ when it resolves: key, bytes, KIP-1191 headers and identity', async () => {
    const topic = await freshTopic('dlq');
    const publisher = new DeadLetterPublisher(producer, { topic, group: 'g', serviceVersion: '1.0.0' });
    const raw = {
      key: Buffer.from([0xff, 0]),
      value: Buffer.alloc(0),
      headers: [{ key: 'tenant-id', value: Buffer.from([0xfe]) }],
    };
    await publisher.publish([letter(raw, 41), letter({}, 42)]);

    const [first, second] = await readAll(topic);
    expect(first?.key).toEqual(raw.key);
    expect(second?.key).toBeNull();
    const parsed = parseEnvelope(first?.value ?? null);
    expect(isUnreadable(parsed) ? parsed : originalBytes(parsed)).toEqual(raw);
    expect(Object.fromEntries(first?.headers.map((h) => [h.key, h.value?.toString()]) ?? [])).toEqual({
      '__dlq.errors.topic': 'raw',
      '__dlq.errors.partition': '2',
      '__dlq.errors.offset': '41',
      '__dlq.errors.group': 'g',
      '__dlq.errors.delivery.count': '3',
      '__dlq.errors.message': 'no such branch',
      [ORIGIN_HEADER]: `${TOPIC_ID}/2/41/g`,
    });
  });

  it('takes more letters, and larger ones, than fit into one request', async () => {
    const topic = await freshTopic('dlq', {
      config: { 'max.message.bytes': `${deadLetterProducerOptions.maxMessageBytes}` },
    });
    const publisher = new DeadLetterPublisher(producer, { topic, group: 'g', serviceVersion: '1' });
    const large = Array.from({ length: 5 }, (_, i) => letter({ value: Buffer.alloc(1_000_000, i) }, i));
    await publisher.publish([
      ...large,
      ...Array.from({ length: 1_500 }, (_, i) => letter({ value: Buffer.from('x') }, 5 + i)),
    ]);
    const read = await readAll(topic);
    expect(read.map((r) => Number(r.headers[2]?.value))).toEqual(Array.from({ length: 1_505 }, (_, i) => i));
  });

  it('rejects where a letter of a later chunk is not taken, and has the whole call again', async () => {
    const topic = await freshTopic('dlq', { config: { 'max.message.bytes': '300000' } });
    const publisher = new DeadLetterPublisher(producer, { topic, group: 'g', serviceVersion: '1' });
    const small = Array.from({ length: 2_500 }, (_, i) => letter({ value: Buffer.from('x') }, i));
    // What does not compress: the broker refuses it, which one error tells of the whole group.
    const large = letter({ value: randomBytes(800_000) }, 2_500);
    await expect(publisher.publish([...small, large])).rejects.toMatchObject({ code: 'delivery_unknown' });
    await publisher.publish(small);
    const offsets = (await readAll(topic)).map((r) => Number(r.headers[2]?.value));
    expect(offsets.slice(-2_500)).toEqual(small.map(({ record }) => record.offset));
    expect(offsets).not.toContain(2_500);
  });

  it('publishes nothing of nothing', async () => {
    const topic = await freshTopic('dlq');
    await new DeadLetterPublisher(producer, { topic, group: 'g', serviceVersion: '1' }).publish([]);
    expect(await readAll(topic)).toEqual([]);
  });
});
