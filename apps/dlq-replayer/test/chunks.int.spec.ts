import { randomBytes } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReplayEvent } from '@weir/avro';
import { eventually } from '@weir/testing';

import { chunkOf, headerOf, ReplayTopics, sha256 } from './support/replay-topics.js';
import { ReplayerApp } from './support/replayer-app.js';

let topics: ReplayTopics;
let replayer: ReplayerApp;

async function begin(env: Readonly<Record<string, string>> = {}): Promise<void> {
  topics = await ReplayTopics.create();
  replayer = await new ReplayerApp(topics, env).start();
}

beforeEach(() => begin());
afterEach(async () => {
  await replayer.stop();
  await topics.close();
});

const header = (key: string, value: Buffer | null): { key: string; value: Buffer | null } => ({ key, value });

const outcomes = (events: readonly ReplayEvent[]): string[] =>
  events.flatMap(({ answer }) => answer?.records ?? []).map(({ outcome, reason }) => `${outcome} ${reason}`);

describe('dlq-replayer', () => {
  it('publishes bytes, key and headers as they were first seen, into the topic that they came from, and says where', async () => {
    const records = await topics.deadLetters([
      { key: Buffer.from('key'), value: Buffer.from('value'), headers: [header('tenant-id', Buffer.from('acme'))] },
      { key: Buffer.from([0, 0xff]), value: Buffer.from([0, 1, 2, 0xfe]), headers: [header('b', Buffer.from([0xff]))] },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [header('e', Buffer.alloc(0))] },
      { key: null, value: Buffer.from('no key') },
      { key: Buffer.from('tombstone'), value: null },
      {
        value: Buffer.from('repeated'),
        headers: [header('a', Buffer.from('1')), header('b', Buffer.from('2')), header('a', Buffer.from('3'))],
      },
      { value: Buffer.from('null header'), headers: [header('n', null)] },
      { value: Buffer.alloc(1_000_000, 7) },
    ]);
    await topics.issue([chunkOf(records)]);
    const [event] = await topics.answered(records.length);
    const published = await topics.all(topics.raw);
    const answers = event?.answer?.records ?? [];
    expect(event).toMatchObject({ replay_id: 'r1', written_by: 'dlq-replayer', answer: { chunk: 0, first: 0 } });
    expect(published).toHaveLength(records.length);
    const inOrder = answers.map(({ topic, partition, offset }) =>
      published.find((each) => each.topic === topic && each.partition === partition && each.offset === offset),
    );
    expect(inOrder.map((each) => each?.key?.toString('latin1') ?? null)).toEqual([
      'key',
      '\0\u{ff}',
      '',
      null,
      'tombstone',
      null,
      null,
      null,
    ]);
    expect(inOrder.map((each) => each?.value?.subarray(0, 8).toString('latin1') ?? null)).toEqual([
      'value',
      '\0\u{1}\u{2}\u{fe}',
      '',
      'no key',
      null,
      'repeated',
      'null hea',
      '\u{7}'.repeat(8),
    ]);
    expect(inOrder.at(-1)?.value).toHaveLength(1_000_000);
    const own = inOrder.map((each) =>
      each?.headers
        .filter(({ key }) => !key.startsWith('weir-'))
        .map(({ key, value }) => [key, value?.toString('hex')]),
    );
    expect(own).toEqual([
      [['tenant-id', Buffer.from('acme').toString('hex')]],
      [['b', 'ff']],
      [['e', '']],
      [],
      [],
      [
        ['a', '31'],
        ['b', '32'],
        ['a', '33'],
      ],
      [['n', '']],
      [],
    ]);
    expect(answers.map(({ reason }) => reason)).toEqual([...Array<null>(6).fill(null), 'null_headers_emptied', null]);
    const [first] = inOrder;
    expect(first).toBeDefined();
    if (first === undefined) return;
    expect(headerOf(first, 'weir-replay-id')).toBe('r1');
    expect(headerOf(first, 'weir-replay-count')).toBe('1');
    expect(headerOf(first, 'weir-origin')).toBe(records[0]?.identity);
    expect(headerOf(first, 'weir-origin-timestamp')).toBe('1795000000001');
    expect(await topics.committed(replayer.group)).toEqual([1]);
  });

  it('replaces what an earlier replay left on a record, and keeps when it was first', async () => {
    const before = [
      ['weir-replay-id', 'r0'],
      ['weir-replay-count', '1'],
      ['weir-origin', '0c766f4e-4033-482a-9810-facaa7246010/0/7/metrics-consumer'],
      ['weir-origin-timestamp', '1700000000000'],
      ['kept', 'x'],
    ] as const;
    const [record] = await topics.deadLetters([
      { value: Buffer.from('v'), headers: before.map(([key, value]) => ({ key, value: Buffer.from(value) })) },
    ]);
    await topics.issue([chunkOf([{ ...record!, replay_count: 2 }])]);
    await topics.answered(1);
    const [published] = await topics.all(topics.raw);
    expect(published?.headers.map(({ key, value }) => [key, value?.toString()])).toEqual([
      ['kept', 'x'],
      ['weir-replay-id', 'r1'],
      ['weir-replay-count', '2'],
      ['weir-origin', '0c766f4e-4033-482a-9810-facaa7246010/0/7/metrics-consumer'],
      ['weir-origin-timestamp', '1700000000000'],
    ]);
  });

  it('answers each record by itself: what is deleted, another, replayed too often or not to be replayed costs no other', async () => {
    const [deleted] = await topics.deadLetters([{ key: Buffer.from('a'), value: Buffer.from('deleted') }]);
    await topics.admin.deleteRecords([
      { topic: topics.dlq, partition: deleted!.dlq_partition, offset: deleted!.dlq_offset + 1 },
    ]);
    const [good, other, capped, foreign, dlq, unsendable, again] = await topics.deadLetters([
      { value: Buffer.from('good') },
      { value: Buffer.from('other') },
      { value: Buffer.from('capped') },
      { value: Buffer.from('foreign'), topic: 'somewhere.else' },
      { value: Buffer.from('dlq'), topic: topics.dlq },
      { value: Buffer.from('unsendable'), headers: [{ key: 'a\0b', value: Buffer.from('1') }] },
      { value: Buffer.from('again'), headers: [{ key: 'weir-replay-count', value: Buffer.from('5') }] },
    ]);
    const garbage = Buffer.from('no envelope');
    const [partition, offset] = [0, (await topics.admin.watermarks([topics.dlq]))[0]!.high];
    await topics.putDeadLetter(garbage, partition);
    await topics.issue([
      chunkOf(
        [
          deleted!,
          { ...good!, dlq_offset: 1_000_000 },
          { ...good!, dlq_partition: 77 },
          { ...other!, value_sha256: sha256(Buffer.from('planned')) },
          { ...other!, identity: good!.identity },
          { ...capped!, replay_count: 6 },
          again!,
          foreign!,
          dlq!,
          unsendable!,
          { ...good!, dlq_partition: partition, dlq_offset: offset, value_sha256: sha256(garbage) },
          good!,
        ],
        { max_attempts: 5 },
      ),
    ]);
    const events = await topics.answered(12);
    expect(outcomes(events)).toEqual([
      'expired deleted',
      'expired gone',
      'expired gone',
      'mismatch value',
      'mismatch identity',
      'capped null',
      'capped null',
      'refused topic',
      'refused topic',
      'refused unsendable',
      'refused unreadable',
      'published null',
    ]);
    expect((await topics.all(topics.raw)).map(({ value }) => value?.toString())).toEqual(['good']);
  });

  it('publishes nothing of a chunk whose deadline has passed, and answers all of it', async () => {
    const records = await topics.numbered(3);
    await topics.issue([chunkOf(records, { deadline: Date.now() - 1 })]);
    expect(outcomes(await topics.answered(3))).toEqual(Array<string>(3).fill('refused deadline'));
    expect(await topics.all(topics.raw)).toEqual([]);
    expect(await topics.committed(replayer.group)).toEqual([1]);
  });

  it('runs a chunk once, however often it is issued', async () => {
    const records = await topics.numbered(20);
    const chunk = chunkOf(records);
    await topics.issue([chunk, chunk]);
    await topics.answered(20);
    await topics.issue([{ ...chunk, deadline: Date.now() - 1 }]);
    await eventually(
      () => topics.committed(replayer.group),
      ([offset]) => offset === 3,
    );
    expect(await topics.all(topics.raw)).toHaveLength(20);
    expect(await topics.answers()).toHaveLength(1);

    // Nor does another process, which knows of it by the answers alone.
    await replayer.stop();
    await topics.issue([chunk]);
    await replayer.start();
    await eventually(
      () => topics.committed(replayer.group),
      ([offset]) => offset === 4,
    );
    expect(await topics.all(topics.raw)).toHaveLength(20);
    expect(await topics.answers()).toHaveLength(1);
  });

  it('passes over what is no command, and goes on', async () => {
    await topics.issueBytes(Buffer.from('no avro'));
    await topics.issueBytes(null);
    await topics.issue([chunkOf([])]);
    const records = await topics.numbered(1);
    await topics.issue([chunkOf([{ ...records[0]!, value_sha256: 'x' }]), chunkOf(records)]);
    await topics.answered(1);
    expect(await topics.all(topics.raw)).toHaveLength(1);
    expect(await replayer.metric('weir_replay_chunks_total{outcome="unreadable"}')).toBe(4);
    expect(await replayer.metric('weir_replay_chunks_total{outcome="answered"}')).toBe(1);
    expect(await replayer.metric('weir_replay_records_total{outcome="published"}')).toBe(1);
  });
});

describe('dlq-replayer, with records that are large or that brokers refuse', () => {
  it('publishes a chunk in as many transactions as its bytes need, and answers every record once', async () => {
    await replayer.stop();
    replayer = await new ReplayerApp(topics, { REPLAY_TRANSACTION_MAX_BYTES: '1000000' }).start();
    const records = await topics.deadLetters(
      Array.from({ length: 10 }, (_, i) => ({ key: Buffer.from(`k${i}`), value: Buffer.alloc(300_000, i) })),
    );
    await topics.issue([chunkOf(records)]);
    const events = await topics.answered(10);
    expect(events.map(({ answer }) => [answer?.first, answer?.records.length])).toEqual([
      [0, 3],
      [3, 3],
      [6, 3],
      [9, 1],
    ]);
    expect(await topics.all(topics.raw)).toHaveLength(10);
    expect(await topics.committed(replayer.group)).toEqual([1]);
  });

  it('halves a chunk until the one record is found that no broker takes, and publishes all others once', async () => {
    await topics.admin.alterConfigs(topics.raw, { 'max.message.bytes': '20000' });
    await eventually(
      async () => (await topics.admin.describeConfigs([topics.raw])).get(topics.raw)?.get('max.message.bytes')?.value,
      (value) => value === '20000',
    );
    const records = await topics.deadLetters(
      Array.from({ length: 16 }, (_, i) => ({
        key: Buffer.from(`k${i}`),
        // Which lz4 cannot make fewer.
        value: i === 5 ? randomBytes(50_000) : Buffer.from(`v${i}`),
      })),
    );
    await topics.issue([chunkOf(records)]);
    const events = await topics.answered(16, 60_000);
    const answers = events.flatMap(({ answer }) =>
      (answer?.records ?? []).map(
        ({ outcome, reason }, i) => [(answer?.first ?? 0) + i, `${outcome} ${reason}`] as const,
      ),
    );
    expect(answers).toEqual(Array.from({ length: 16 }, (_, i) => [i, i === 5 ? 'refused rejected' : 'published null']));
    expect(await topics.all(topics.raw)).toHaveLength(15);
    expect(await topics.committed(replayer.group)).toEqual([1]);
    expect(await replayer.metric('weir_replay_transactions_total{result="aborted"}')).toBeGreaterThan(4);
  });
});
