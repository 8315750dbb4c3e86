import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaVersion } from '@weir/avro';
import { eventually, medianOf } from '@weir/testing';

import { ConsumerApp } from './support/consumer-app.js';
import { event, events, header } from './support/events.js';

let consumer: ConsumerApp;

beforeAll(async () => {
  consumer = await ConsumerApp.create();
  await consumer.start();
});
afterAll(() => consumer.close());

const replay = (origin: number) => [
  header('weir-replay-id', 'r1'),
  header('weir-replay-count', '1'),
  header('weir-origin-timestamp', String(origin)),
];
const stored = async (name: string) => (await consumer.samples()).filter((sample) => sample.name === name);
const freshnessMs = async (n: number): Promise<number> => {
  await consumer.topics.sendEvents([event({ name: `fresh_${n}` })]);
  const sentAt = performance.now();
  await eventually(
    () => stored(`fresh_${n}`),
    (samples) => samples.length === 1,
    { intervalMs: 10 },
  );
  return performance.now() - sentAt;
};

describe('metrics-consumer', () => {
  it('stores v1, v2 and v3 records side by side, each for its own tenant', async () => {
    const { topics } = consumer;
    const metric = event({ name: 'side_by_side', environment: 'prod', labels: { path: '/ü "x" \\ =,' } });
    const [v1] = topics.encode([metric], SchemaVersion.V1);
    const [v2] = topics.encode([metric], SchemaVersion.V2);
    const [v3] = topics.encode([{ ...metric, tenant_id: 'three' }], SchemaVersion.V3);
    await topics.send([
      { value: v1 ?? null, partition: 0, headers: [header('tenant-id', 'one')] },
      { value: v2 ?? null, partition: 0, headers: [header('tenant-id', 'two')] },
      { value: v3 ?? null, partition: 0 },
    ]);

    const found = await eventually(
      () => stored('side_by_side'),
      (samples) => samples.length === 3,
    );
    const common = { labels: metric.labels, ms: metric.timestamp, value: 1 };
    expect(found).toEqual(
      expect.arrayContaining([
        { tenant_id: 'one', name: 'side_by_side', environment: null, ...common },
        { tenant_id: 'two', name: 'side_by_side', environment: 'prod', ...common },
        { tenant_id: 'three', name: 'side_by_side', environment: 'prod', ...common },
      ]),
    );
  });

  it('stores a record within a second of its being appended', async () => {
    expect(await medianOf(5, freshnessMs)).toBeLessThan(1_000);
  });

  it('lets the later append win, and a replay replace only what is strictly older than its origin', async () => {
    const { topics } = consumer;
    const at = Date.now() - 1_000;
    const value = (n: number): Buffer | null =>
      topics.encode([event({ name: 'versions', value: n, timestamp: at })])[0] ?? null;
    const settledNow = async () => (await consumer.settled()).stored;
    const sendOne = async (n: number, headers: ReturnType<typeof replay> = []) => {
      const before = await settledNow();
      await topics.send([{ value: value(n), partition: 1, headers }]);
      await eventually(settledNow, (count) => count > before);
      return (await stored('versions')).map((sample) => sample.value);
    };

    expect(await sendOne(1)).toEqual([1]);
    expect(await sendOne(2)).toEqual([2]); //                       a correction
    expect(await sendOne(3, replay(at - 60_000))).toEqual([2]); //  an old record comes back and undoes nothing
    expect(await sendOne(4)).toEqual([4]);
  });

  it('counts what it does in the metrics that dashboards know', async () => {
    const { body } = await eventually(
      () => consumer.get('/metrics'),
      (answer) => /kafka_consumer_lag\{[^}]*partition="0"[^}]*\} 0/u.test(answer.body),
    );
    expect(body).toMatch(/kafka_messages_processed_total\{status="success"\} [1-9]/);
    expect(body).toMatch(/kafka_message_processing_duration_seconds_count [1-9]/);
    expect(body).toMatch(/weir_freshness_seconds_count [1-9]/);
    expect(body).toMatch(/weir_ledger_offsets_total\{topic="[^"]+",outcome="stored"\} [1-9]/);
  });

  it('is ready, and its ledger balances', async () => {
    expect(await consumer.get('/health/ready')).toMatchObject({ status: 200 });
    await consumer.topics.sendEvents(events(500, { name: 'many' }));
    await eventually(
      () => stored('many'),
      (samples) => samples.length === 500,
    );
    const ledger = await consumer.ledger();
    expect(ledger.balanced).toBe(true);
    expect(ledger.partitions.map((line) => line.next - line.first)).toEqual(
      ledger.partitions.map((line) => line.stored),
    );
  });
});
