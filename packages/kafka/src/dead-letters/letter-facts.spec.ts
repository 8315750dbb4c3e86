import { describe, expect, it, jest } from '@jest/globals';
import { ValidationError } from '@weir/errors';
import * as fc from 'fast-check';

import type { OutgoingRecord, RecordHeader } from '../records.js';
import {
  type DeadLetter,
  DeadLetterPublisher,
  headerText,
  isUnreadable,
  letterFacts,
  type LetterFacts,
  parseEnvelope,
  REPLAY_COUNT_HEADER,
  REPLAY_ID_HEADER,
} from './index.js';

const SERVICE = { topic: 'metrics.dlq', group: 'metrics-consumer', serviceVersion: '1.2.3' };

/** The values that are written for these letters. */
async function written(letters: readonly DeadLetter[], group = SERVICE.group): Promise<(Buffer | null)[]> {
  const sent: OutgoingRecord[] = [];
  const producer = { send: async (records: readonly OutgoingRecord[]) => void sent.push(...records) };
  await new DeadLetterPublisher(producer, { ...SERVICE, group }).publish(letters);
  return sent.map(({ value }) => value);
}

const letter = (record: Partial<DeadLetter['record']> = {}, more: Partial<DeadLetter> = {}): DeadLetter => ({
  record: {
    topic: 'metrics.raw',
    partition: 3,
    offset: 4821,
    timestampMs: 1_704_067_200_000,
    key: Buffer.from('cpu.usage'),
    value: Buffer.from([0, 0, 0, 0, 9]),
    headers: [{ key: 'tenant-id', value: Buffer.from('acme') }],
    ...record,
  },
  topicId: '0c766f4e-4033-482a-9810-facaa7246010',
  class: 'poison',
  reason: 'decode',
  error: new ValidationError('decode', 'truncated at byte 5'),
  schemaId: 9,
  tenantId: 'acme',
  attempts: 1,
  ...more,
});

/** What `letterFacts` has to say, by way of the whole envelope. */
function parsed(value: Buffer | null): LetterFacts | { readonly unreadable: string } {
  const envelope = parseEnvelope(value);
  if (isUnreadable(envelope)) return envelope;
  const { dlq_metadata: metadata, source } = envelope;
  return {
    metadata,
    topic: source.topic,
    partition: source.partition,
    offset: source.offset,
    timestampMs: source.timestamp_ms,
    valueBytes: source.raw_value_hex === null ? null : source.raw_value_hex.length / 2,
    omittedBytes: source.omitted_bytes ?? 0,
    stamps: source.headers
      .filter(({ key }) => key === REPLAY_ID_HEADER || key === REPLAY_COUNT_HEADER)
      .map(({ key, value_hex: hex }) => ({ key, value: hex === null ? null : Buffer.from(hex, 'hex') })),
  };
}

const bytes = fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some));
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', ':', '\n', '\u0000', '\ud800', 'ü', 'x', '0') }),
);
const header: fc.Arbitrary<RecordHeader> = fc.record({
  key: fc.oneof(text, fc.constantFrom(REPLAY_ID_HEADER, REPLAY_COUNT_HEADER, 'traceparent', '__proto__')),
  value: fc.option(fc.oneof(bytes, fc.constant(Buffer.from('7')))),
});
const anyLetter = fc
  .record({
    record: fc.record({
      topic: text,
      partition: fc.nat(),
      offset: fc.maxSafeNat(),
      timestampMs: fc.oneof(fc.constantFrom(-1, 0), fc.maxSafeNat()),
      key: fc.option(
        fc.oneof(
          bytes,
          text.map((some) => Buffer.from(some)),
        ),
      ),
      value: fc.option(bytes),
      headers: fc.array(header, { maxLength: 4 }),
    }),
    tenantId: fc.option(text),
    schemaId: fc.option(fc.nat()),
    attempts: fc.nat(),
    error: text,
  })
  .map(({ record, error, ...more }) => letter(record, { ...more, error: new ValidationError('name', error) }));

describe('what is known about a dead letter', () => {
  it('is told without its JSON being parsed, where a publisher has written it', async () => {
    const [value = null] = await written([letter()]);
    const parse = jest.spyOn(JSON, 'parse');
    const facts = letterFacts(value);
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
    expect(facts).toEqual(parsed(value));
    expect(facts).toMatchObject({ metadata: { tenant_id: 'acme', schema_id: 9 }, offset: 4821, valueBytes: 5 });
  });

  it('is what the whole envelope says, of any letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyLetter, { minLength: 1, maxLength: 5 }), text, async (letters, group) => {
        for (const value of await written(letters, group)) expect(letterFacts(value)).toEqual(parsed(value));
      }),
    );
  });

  it('is what the whole envelope says where one character of it is another', async () => {
    const stamps = [REPLAY_ID_HEADER, REPLAY_COUNT_HEADER].map((key) => ({ key, value: Buffer.from('1') }));
    const [value] = await written([letter({ headers: [{ key: 'a', value: null }, ...stamps] }, { schemaId: null })]);
    const whole = String(value);
    const change = fc.constantFrom('', '"', '\\', ',', '0', 'a', 'F', '-', '.', ' ', '\u0001', 'ü', '}', ']', 'null');
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(2), change, (at, cut, put) => {
        const changed = Buffer.from(whole.slice(0, at) + put + whole.slice(at + cut));
        expect(letterFacts(changed)).toEqual(parsed(changed));
      }),
      { numRuns: 2_000 },
    );
  });

  it('has the stamps of a replay, and what a letter says that does not hold all of its record', async () => {
    const stamp = { key: REPLAY_ID_HEADER, value: Buffer.from('a-replay') };
    const values = await written([
      letter({ headers: [stamp] }),
      letter({ key: Buffer.alloc(9_000_000), value: Buffer.alloc(9_000_000), headers: [stamp] }),
      letter({ value: null }),
    ]);
    const facts = values.map((value) => letterFacts(value));
    expect(facts).toEqual(values.map(parsed));
    expect(
      facts.map((each) => (isUnreadable(each) ? [] : [headerText(each.stamps, REPLAY_ID_HEADER), each.valueBytes])),
    ).toEqual([
      ['a-replay', 5],
      ['a-replay', 1_048_576],
      [null, null],
    ]);
  });

  it('is that there is no dead letter, of what is none', () => {
    for (const value of [null, Buffer.alloc(0), Buffer.from('{}'), Buffer.from([0xff])])
      expect(letterFacts(value)).toEqual(parsed(value));
  });
});
