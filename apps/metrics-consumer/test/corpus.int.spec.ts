import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { type ConsumedRecord, originalBytes } from '@weir/kafka';

import { ConsumerApp } from './support/consumer-app.js';
import { corpus, type HostileRecord } from './support/corpus.js';
import { event } from './support/events.js';

const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null;

/** Jest compares megabytes byte by byte, which takes minutes. */
const digest = ({ key, value, headers }: Pick<ConsumedRecord, 'key' | 'value' | 'headers'>): string => {
  const text = JSON.stringify([hex(key), hex(value), headers.map((header) => [header.key, hex(header.value)])]);
  return createHash('sha256').update(text).digest('hex');
};

/** Each has a neighbour before it. */
const offsetOf = (at: number): number => 2 * at + 1;

/** Inputs that went wrong once, or may one day. Whoever finds another one adds it as a file. */
describe('metrics-consumer, given every record of the corpus between good ones', () => {
  let consumer: ConsumerApp;
  let records: HostileRecord[];
  beforeAll(async () => {
    consumer = await ConsumerApp.create(() => ({}), 1);
    const { topics } = consumer;
    records = await corpus(topics);
    const now = Date.now();
    await topics.send(
      records.flatMap(({ key, value, headers }, at) => {
        const [neighbour = null] = topics.encode([event({ name: 'neighbour', value: at, timestamp: now - at })]);
        return [
          { value: neighbour, partition: 0 },
          { key, value, headers, partition: 0 },
        ];
      }),
    );
    await consumer.start();
    await consumer.untilSettled(2 * records.length);
  }, 120_000);
  afterAll(() => consumer.close());

  it('dead-letters under the reason that its name says, with all its bytes, what it does not store', async () => {
    const refused = records.flatMap((record, at) => (record.expected === 'stored' ? [] : [{ ...record, at }]));
    const letters = await consumer.topics.deadLetters(refused.length);
    const name = (offset: number): string => records.find((_, at) => offsetOf(at) === offset)?.name ?? `at ${offset}`;
    expect(letters.map(({ envelope }) => [name(envelope.source.offset), envelope.dlq_metadata.reason])).toEqual(
      refused.map((record) => [record.name, record.expected]),
    );
    const whole = letters.map(({ envelope }) => originalBytes(envelope));
    expect(whole.map((record) => record !== null && digest(record))).toEqual(refused.map(digest));
  });

  it('stores the others, and every neighbour, and has a ledger that balances', async () => {
    const stored = records.filter(({ expected }) => expected === 'stored').length;
    expect(await consumer.ledger()).toMatchObject({
      balanced: true,
      partitions: [{ first: 0, stored: records.length + stored, dead_lettered: records.length - stored, gap: 0 }],
    });
    const samples = await consumer.samples();
    const neighbours = samples.filter((sample) => sample.name === 'neighbour').map(({ value }) => value);
    expect(neighbours.toSorted((a, b) => a - b)).toEqual(records.map((_, at) => at));
    expect(samples).toHaveLength(records.length + stored);
    await consumer.untilCaughtUp();
  });
});
