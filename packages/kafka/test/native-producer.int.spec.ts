import kafka from '@confluentinc/kafka-javascript';
import { afterEach, describe, expect, it } from '@jest/globals';
import { uniqueName } from '@weir/testing';

import { clientSettings } from '../src/clients/client-settings.js';
import {
  durableSettings,
  nativeHeaders,
  NativeProducer,
  type ProducerSettings,
} from '../src/clients/producer/native-producer.js';
import { connectionTo, freshTopic, readAll } from './clients.js';
import { inside } from './kafka-fixture.js';

const { ERR__QUEUE_FULL, ERR__STATE } = kafka.CODES.ERRORS;
const SETTINGS = { compression: 'lz4', lingerMs: 1, deliveryTimeoutMs: 10_000 } as const;

const opened: NativeProducer[] = [];
afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));

describe.each([
  ['in one call of the binding', true],
  ['by a binding that was not built with it', false],
])('produceMany %s', (_how, isBuiltIn) => {
  const producer = (settings: ProducerSettings = {}): NativeProducer => {
    const made = new NativeProducer(
      { ...clientSettings(connectionTo()), ...durableSettings(SETTINGS), ...settings },
      { report: () => undefined, fatal: () => undefined },
    );
    if (!isBuiltIn) Object.assign(inside(made.client, '_client'), { produceMany: undefined });
    return made;
  };
  const connected = async (settings?: ProducerSettings): Promise<NativeProducer> => {
    const made = producer(settings);
    await made.connect(10_000);
    opened.push(made);
    return made;
  };

  it('keeps every byte and the order: null and empty are told apart, and names of headers may repeat', async () => {
    const topic = await freshTopic('many');
    const sender = await connected();
    const empty = Buffer.alloc(0);
    const headers = [
      { key: 'a', value: Buffer.from([0, 0xff]) },
      { key: 'a', value: empty },
      { key: 'ü', value: Buffer.from('é') },
    ];
    const values = [null, empty, Buffer.from([0, 1]), Buffer.from('last')];
    const keys = [null, empty, Buffer.from([0xff, 0]), 'schlüssel\0'];
    const records = values.map((value, i) => ({ value, key: keys[i] ?? null }));
    expect(sender.produceMany(topic, records, nativeHeaders(headers))).toEqual({ produced: 4, error: null });
    expect(await sender.flush(10_000)).toBe(true);
    const read = await readAll(topic);
    expect(read.map(({ value }) => value)).toEqual(values);
    expect(read.map(({ key }) => key)).toEqual([null, empty, Buffer.from([0xff, 0]), Buffer.from('schlüssel\0')]);
    for (const record of read) expect(record.headers).toEqual(headers);
  });

  it('chooses the partition by the key, as one by one', async () => {
    const topic = await freshTopic('many', { partitions: 6 });
    const sender = await connected();
    const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`);
    sender.produceMany(
      topic,
      keys.map((key) => ({ key, value: Buffer.from('many') })),
      undefined,
    );
    for (const key of keys) sender.produce({ topic, key, value: Buffer.from('one') }, undefined);
    await sender.flush(10_000);
    const read = await readAll(topic, { partitions: 6 });
    const placesOf = (value: string) =>
      read
        .filter((record) => String(record.value) === value)
        .map(({ key, partition }) => `${String(key)}: ${partition}`);
    expect(placesOf('many')).toHaveLength(60);
    expect(placesOf('many').toSorted()).toEqual(placesOf('one').toSorted());
    expect(new Set(read.map(({ partition }) => partition)).size).toBe(6);
  });

  it('tells how many were taken and why the next one was not', async () => {
    const topic = await freshTopic('many');
    const sender = await connected({ 'queue.buffering.max.messages': 5 });
    const records = Array.from({ length: 8 }, (_, i) => ({ key: null, value: Buffer.from(String(i)) }));
    const { produced, error } = sender.produceMany(topic, records, undefined);
    expect([produced, error?.code]).toEqual([5, ERR__QUEUE_FULL]);
    await sender.flush(10_000);
    expect((await readAll(topic)).map(({ value }) => String(value))).toEqual(['0', '1', '2', '3', '4']);
  });

  it('takes none before it is connected', () => {
    const { produced, error } = producer().produceMany(uniqueName('many'), [{ key: 'key', value: null }], undefined);
    expect([produced, error?.code]).toEqual([0, ERR__STATE]);
  });
});
