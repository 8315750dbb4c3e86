import kafka, { type LibrdKafkaError } from '@confluentinc/kafka-javascript';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { clientSettings } from '../src/clients/client-settings.js';
import {
  durableSettings,
  isPatched,
  NativeProducer,
  type ProducerSettings,
} from '../src/clients/producer/native-producer.js';
import { brokerProxy, connectionTo, freshTopic, readAll, refusingFirst } from './clients.js';

const PARTITIONS = 12;
const ROUNDS = 20;
const EACH = Array.from({ length: PARTITIONS }, (_, partition) => partition);
const DAY_MS = 24 * 60 * 60 * 1_000;
const { ERR_INVALID_TIMESTAMP } = kafka.CODES.ERRORS;

interface Reported {
  readonly partition: number;
  readonly code: number | null;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function connected(
  settings: ProducerSettings = {},
  bootstrapServers?: string,
): Promise<{ sender: NativeProducer; reported: Reported[]; fatal: LibrdKafkaError[] }> {
  const reported: Reported[] = [];
  const fatal: LibrdKafkaError[] = [];
  const sender = new NativeProducer(
    {
      ...clientSettings(connectionTo(bootstrapServers)),
      ...durableSettings({ compression: 'lz4', lingerMs: 5, deliveryTimeoutMs: 60_000 }),
      ...settings,
    },
    {
      report: (error, _opaque, _topic, partition) => reported.push({ partition, code: error?.code ?? null }),
      fatal: (error) => fatal.push(error),
    },
  );
  await sender.connect(10_000);
  closing.push(() => sender.close());
  return { sender, reported, fatal };
}

const send = (sender: NativeProducer, topic: string, partition: number, text: string, timestampMs?: number): void => {
  const record = { topic, partition, key: null, value: Buffer.from(text) };
  const error = sender.produce(timestampMs === undefined ? record : { ...record, timestampMs }, undefined, {});
  if (error !== null) throw new Error(error.message);
};

const ofEach = (texts: readonly string[]) => EACH.map((partition) => ({ partition, texts }));
const textsOf = async (topic: string) => {
  const records = await readAll(topic, { partitions: PARTITIONS });
  return EACH.map((partition) => ({
    partition,
    texts: records.filter((record) => record.partition === partition).map(({ value }) => String(value)),
  }));
};

describe('Records of many partitions', () => {
  it('go out in one request', async () => {
    const topic = await freshTopic('together', { partitions: PARTITIONS });
    const { sender } = await connected({ 'statistics.interval.ms': 100 });
    const told: number[] = [];
    sender.client.on('event.stats', ({ message }: { readonly message: string }) => {
      const ofBrokers = [...message.matchAll(/"Produce": ?(\d+)/g)];
      told.push(ofBrokers.reduce((sum, [, count]) => sum + Number(count), 0));
    });
    const round = async (text: string): Promise<void> => {
      for (const partition of EACH) send(sender, topic, partition, text);
      expect(await sender.flush(10_000)).toBe(true);
    };
    const requests = async (): Promise<number> => {
      const before = told.length;
      await eventually(() => told.length >= before + 2);
      return told.at(-1) ?? Number.NaN;
    };
    await round('first');
    const first = await requests();
    const texts = Array.from({ length: ROUNDS }, (_, i) => `round ${i}`);
    for (const text of texts) await round(text);
    // The first record of a round may go before the others are there.
    expect((await requests()) - first).toBeLessThanOrEqual(ROUNDS * (isPatched() ? 3 : PARTITIONS));
    expect(await textsOf(topic)).toEqual(ofEach(['first', ...texts]));
  });

  it('are refused where the broker refuses them, and taken elsewhere', async () => {
    const config = { 'message.timestamp.before.max.ms': String(DAY_MS) };
    const topic = await freshTopic('together', { partitions: PARTITIONS, config });
    const { sender, reported, fatal } = await connected();
    const old = 5;
    for (const partition of EACH) {
      const timestampMs = partition === old ? Date.now() - 2 * DAY_MS : Date.now();
      send(sender, topic, partition, 'first', timestampMs);
    }
    await eventually(() => reported.length >= PARTITIONS);
    expect(reported.toSorted((a, b) => a.partition - b.partition)).toEqual(
      EACH.map((partition) => ({ partition, code: partition === old ? ERR_INVALID_TIMESTAMP : null })),
    );
    for (const partition of EACH) send(sender, topic, partition, 'second');
    await sender.flush(10_000);
    expect(fatal).toEqual([]);
    expect(await textsOf(topic)).toEqual(
      ofEach(['first', 'second']).map((each) => (each.partition === old ? { ...each, texts: ['second'] } : each)),
    );
  });

  it('are all stored where a broker refuses the first request of a producer and would take the one behind it', async () => {
    // As in KAFKA-15591: a broker that does not know a producer takes any first sequence of it.
    const topic = await freshTopic('refused');
    const leader = await refusingFirst(topic);
    closing.push(() => leader.close());
    const settings = { 'statistics.interval.ms': 100, 'retry.backoff.ms': 20 };
    const { sender, reported, fatal } = await connected(settings, leader.bootstrapServers);
    let looks = 0;
    sender.client.on('event.stats', () => (looks += 1));
    send(sender, topic, 0, 'first');
    await leader.refused;
    send(sender, topic, 0, 'second');
    const before = looks;
    await eventually(() => leader.passedOn() > 0 || looks >= before + 5);
    leader.give();
    await eventually(() => reported.length === 2);
    expect(fatal).toEqual([]);
    expect(reported.map(({ code }) => code)).toEqual([null, null]);
    const records = await readAll(topic);
    expect(records.map(({ value }) => String(value))).toEqual(['first', 'second']);
  });

  it('are each once and in their order, however often the connection is lost', async () => {
    const topic = await freshTopic('together', { partitions: PARTITIONS });
    const proxy = await brokerProxy();
    closing.push(() => proxy.close());
    const { sender, reported, fatal } = await connected(
      { 'reconnect.backoff.ms': 20, 'reconnect.backoff.max.ms': 100, 'retry.backoff.ms': 20 },
      proxy.bootstrapServers,
    );
    let sent = 0;
    const sendUntil = (enough: () => boolean): Promise<unknown> =>
      eventually(() => {
        for (const partition of EACH) send(sender, topic, partition, String(sent));
        sent += 1;
        return enough();
      });
    const answered = () => reported.length;
    for (let time = 0; time < 5; time++) {
      const before = answered();
      await sendUntil(() => answered() > before + 10 * PARTITIONS);
      const until = sent + 20;
      // Requests are under way whose answers never come: the log may have them or not.
      proxy.stall();
      await sendUntil(() => sent >= until);
      await proxy.cut();
      await proxy.resume();
    }
    await eventually(() => reported.length >= sent * PARTITIONS);
    expect(fatal).toEqual([]);
    expect(reported.filter(({ code }) => code !== null)).toEqual([]);
    expect(reported).toHaveLength(sent * PARTITIONS);
    expect(await textsOf(topic)).toEqual(ofEach(Array.from({ length: sent }, (_, i) => String(i))));
  });
});
