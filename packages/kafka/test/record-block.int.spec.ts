import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, packed } from '@weir/testing';

import {
  type ProducerOptions,
  type RecordBlock,
  type RecordProducer,
  recordsOf,
  withoutRecords,
} from '../src/index.js';
import { freshTopic, readAll } from './clients.js';
import { closeAll, codeOf, producer } from './producers.js';

const PARTITIONS = 12;
const HEADERS = [{ key: 'name', value: Buffer.from('one for all') }];

afterEach(closeAll);

const block = (topic: string, texts: readonly string[], headers = HEADERS): RecordBlock => ({
  topic,
  headers,
  keys: packed(texts.map((text) => `key ${text}`)),
  values: packed(texts),
});

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

async function grouping(options: Partial<ProducerOptions> = {}): Promise<RecordProducer> {
  const made = await producer({ groupFrom: 10, ...options });
  await eventually(() => made.state === 'ready' && made.lanes > 0);
  return made;
}

interface Found {
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly partition: number;
  readonly headers: unknown;
}

const found = async (topic: string): Promise<Found[]> =>
  (await readAll(topic, { partitions: PARTITIONS }))
    .map(({ key, value, partition, headers }) => ({
      key: key?.toString(),
      value: value?.toString(),
      partition,
      headers,
    }))
    .toSorted((a, b) => (a.value ?? '').localeCompare(b.value ?? ''));

describe('RecordProducer.sendBlock', () => {
  it.each([
    ['of a group', 10],
    ['with reports of its own', 1_000],
  ])('sends what the same records are by themselves, %s', async (_, groupFrom) => {
    const texts = ['', 'ü "\u{1F600}" \0 nul', ...numbered('plain', 60)];
    const [one, other] = [
      await freshTopic('block', { partitions: PARTITIONS }),
      await freshTopic('block', { partitions: PARTITIONS }),
    ];
    const sender = await grouping({ groupFrom });
    await Promise.all([
      sender.sendBlock(block(one, texts)),
      sender.send(
        texts.map((text) => ({ topic: other, key: `key ${text}`, value: Buffer.from(text), headers: HEADERS })),
      ),
    ]);
    const there = await found(one);
    expect(there).toHaveLength(texts.length);
    expect(there).toEqual(await found(other));
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
  });

  it('sends a key without bytes as one, and no header where there is none', async () => {
    const topic = await freshTopic('block', { partitions: PARTITIONS });
    const sender = await grouping();
    const texts = numbered('empty', 10);
    await sender.sendBlock({ ...block(topic, texts, []), keys: packed(texts.map(() => '')) });
    const there = await found(topic);
    expect(there.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(
      texts.toSorted().map((value) => ({ key: '', value, headers: [] })),
    );
  });

  it('sends nothing of a block that cannot be right', async () => {
    const topic = await freshTopic('block', { partitions: PARTITIONS });
    const sender = await grouping();
    const good = block(topic, numbered('bad', 20));
    const wrong: readonly RecordBlock[] = [
      { ...good, keys: packed(['too', 'few']) },
      { ...good, topic: '' },
      { ...good, headers: [{ key: 'name', value: null }] },
      { ...good, values: packed(numbered('long '.padEnd(1_100_000), 20)) },
    ];
    for (const each of wrong) expect(await codeOf(sender.sendBlock(each))).toBe('record_invalid');
    await sender.sendBlock(block(topic, []));
    expect(await found(topic)).toEqual([]);
    expect(sender.queue).toEqual({ records: 0, bytes: 0 });
  });

  it('does not acknowledge a block of which the client took a part', async () => {
    const topic = await freshTopic('block', { partitions: PARTITIONS });
    const sender = await grouping({ settings: { 'queue.buffering.max.messages': 50 } });
    const texts = numbered('cut short', 100);
    expect(await codeOf(sender.sendBlock(block(topic, texts)))).toBe('delivery_unknown');
    expect((await found(topic)).map(({ value }) => value)).toEqual(
      texts.slice(0, 50).toSorted((a, b) => a.localeCompare(b)),
    );
    expect(await codeOf(sender.sendBlock(block(topic, numbered('after', 40))))).toBe('delivered');
  });
});

describe('withoutRecords', () => {
  it('leaves the others as they were', () => {
    const whole = block('topic', ['a', 'bb', '', 'dddd', 'e']);
    const left = withoutRecords(whole, [0, 3]);
    const all = recordsOf(whole);
    expect(recordsOf(left)).toEqual([all[1], all[2], all[4]]);
    expect(recordsOf(withoutRecords(whole, [0, 1, 2, 3, 4]))).toEqual([]);
  });
});
