import { describe, expect, it } from '@jest/globals';
import { RecordDecodeError, ValidationError } from '@weir/errors';
import { metricsDlq, metricsRaw } from '@weir/topics';
import * as fc from 'fast-check';

import { wireBytes } from '../clients/producer/sendable.js';
import type { ConsumedRecord, OutgoingRecord } from '../records.js';
import {
  buildEnvelope,
  type DeadLetter,
  deadLetterClass,
  type DeadLetterEnvelope,
  DeadLetterPublisher,
  deadLetterReasons,
  errorPattern,
  fingerprint,
  identityOf,
  identityText,
  isUnreadable,
  ORIGIN_HEADER,
  originalBytes,
  parseEnvelope,
  parseIdentity,
} from './index.js';

const context = { group: 'metrics-consumer', serviceVersion: '1.2.3', routedAt: new Date('2026-11-21T10:00:00.000Z') };
const TOPIC_ID = '0c766f4e-4033-482a-9810-facaa7246010';

const letter = (record: Partial<ConsumedRecord> = {}, more: Partial<DeadLetter> = {}): DeadLetter => ({
  record: {
    topic: 'metrics.raw',
    partition: 3,
    offset: 4821,
    timestampMs: 1_704_067_200_000,
    key: Buffer.from('cpu.usage'),
    value: Buffer.from([0, 0, 0, 0, 9]),
    headers: [],
    ...record,
  },
  topicId: TOPIC_ID,
  class: 'poison',
  reason: 'decode',
  error: new RecordDecodeError('decode', 'truncated at byte 5'),
  schemaId: 9,
  tenantId: 'acme',
  attempts: 1,
  ...more,
});

const byClass = (name: string): string[] => deadLetterReasons.filter((r) => deadLetterClass(r) === name);

const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map((a) => Buffer.from(a));
const anyRecord = fc.record({
  key: fc.option(
    fc.oneof(
      bytes(40),
      fc.string({ unit: 'binary' }).map((s) => Buffer.from(s)),
    ),
  ),
  value: fc.option(bytes(200)),
  headers: fc.array(fc.record({ key: fc.string({ unit: 'binary', maxLength: 5 }), value: fc.option(bytes(10)) }), {
    maxLength: 20,
  }),
});

const reparsed = (envelope: DeadLetterEnvelope): ReturnType<typeof parseEnvelope> =>
  parseEnvelope(Buffer.from(JSON.stringify(envelope)));
const readable = (value: Buffer): DeadLetterEnvelope => {
  const parsed = parseEnvelope(value);
  if (isUnreadable(parsed)) throw new Error(parsed.unreadable);
  return parsed;
};

describe('the envelope of a dead letter', () => {
  it('has exactly these fields', () => {
    const traceparent = Buffer.from('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
    expect(buildEnvelope(letter({ headers: [{ key: 'traceparent', value: traceparent }] }), context)).toEqual({
      dlq_metadata: {
        routed_at_utc: '2026-11-21T10:00:00.000Z',
        reason: 'decode',
        error: 'truncated at byte 5',
        class: 'poison',
        fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
        attempts: 1,
        consumer_group: 'metrics-consumer',
        service_version: '1.2.3',
        schema_id: 9,
        tenant_id: 'acme',
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      },
      source: {
        topic: 'metrics.raw',
        partition: 3,
        offset: 4821,
        timestamp_ms: 1_704_067_200_000,
        key: 'cpu.usage',
        raw_value_hex: '0000000009',
        headers: [{ key: 'traceparent', value_hex: traceparent.toString('hex') }],
        key_hex: '6370752e7573616765',
      },
    });
  });

  it('gives back every byte of any record through JSON, null apart from empty', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const envelope = buildEnvelope(letter(record), context);
        const parsed = readable(Buffer.from(JSON.stringify(envelope)));
        expect(parsed).toEqual(envelope);
        expect(originalBytes(parsed)).toEqual(record);
      }),
    );
  });

  it('is written as JSON.stringify writes it, to the byte', () => {
    const hostile = fc.string({
      unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\0', '\u007f', '\u2028', '\ud800', '\udc00', '😀'), fc.string()),
    });
    const told = fc.record({
      schemaId: fc.option(fc.nat()),
      tenantId: fc.option(hostile),
      error: hostile.map((text) => new ValidationError('name', text)),
    });
    fc.assert(
      fc.property(anyRecord, hostile, told, hostile, (record, topic, more, group) => {
        const sent = sentFor(letter({ ...record, topic }, more), { ...context, group });
        const envelope = buildEnvelope(letter({ ...record, topic }, more), { ...context, group });
        expect(String(sent.value)).toBe(JSON.stringify(envelope));
      }),
    );
    const cut = letter({ key: Buffer.alloc(9 * 1024 * 1024), value: Buffer.alloc(9 * 1024 * 1024) });
    expect(String(sentFor(cut).value)).toBe(JSON.stringify(buildEnvelope(cut, context)));
  });

  it('shows a key as text only where that is the whole truth', () => {
    expect(buildEnvelope(letter({ key: Buffer.from([0xff]) }), context).source).toMatchObject({
      key: null,
      key_hex: 'ff',
    });
    expect(buildEnvelope(letter({ key: null }), context).source).toMatchObject({ key: null, key_hex: null });
    expect(buildEnvelope(letter({ key: Buffer.alloc(0) }), context).source).toMatchObject({ key: '', key_hex: '' });
  });

  it('keeps an error short, whatever the record brought', () => {
    const error = new ValidationError('name', `name ${'😀'.repeat(10_000)}`);
    const { error: text } = buildEnvelope(letter({}, { error }), context).dlq_metadata;
    expect(text.length).toBeLessThanOrEqual(1_000);
    expect(Buffer.from(text).toString()).toBe(text);
  });

  it('fits into the DLQ for any record that fits into metrics.raw', () => {
    const ratio = metricsDlq.maxMessageBytes / metricsRaw.maxMessageBytes;
    const worst = {
      key: Buffer.alloc(50_000),
      value: null,
      headers: Array.from({ length: 4_000 }, () => ({ key: '', value: Buffer.alloc(0) })),
    };
    fc.assert(
      fc.property(fc.oneof(anyRecord, fc.constant(worst)), (record) => {
        // The raw record as tightly as Kafka can store it: two bytes of lengths for each header.
        const raw =
          (record.key?.length ?? 0) +
          (record.value?.length ?? 0) +
          record.headers.reduce((sum, h) => sum + 2 + Buffer.byteLength(h.key) + (h.value?.length ?? 0), 0);
        const sent = sentFor(letter(record));
        expect(wireBytes([sent], Infinity)).toBeLessThan(ratio * raw + 16 * 1024);
      }),
    );
  });
});

describe('a dead letter of a record that unfolded beyond any dead letter', () => {
  const mebibyte = 1024 * 1024;
  const [nul, long] = ['\0', 'x'.repeat(200)];
  it.each<[string, Partial<ConsumedRecord>]>([
    ['value', { value: Buffer.alloc(40 * mebibyte) }],
    ['key', { key: Buffer.alloc(4 * mebibyte) }],
    ['header', { headers: [{ key: 'h', value: Buffer.alloc(20 * mebibyte) }] }],
    ['name of a header', { headers: [{ key: nul.repeat(4 * mebibyte), value: null }] }],
    ['number of headers', { headers: Array.from({ length: 500_000 }, () => ({ key: 'h', value: Buffer.alloc(0) })) }],
    [
      'all of it',
      { key: Buffer.alloc(9 * mebibyte), value: Buffer.alloc(9 * mebibyte), headers: [{ key: long, value: null }] },
    ],
  ])('is taken by the DLQ, has its beginning and its place, and says that this is not all: %s', (_, record) => {
    const sent = sentFor(letter(record));
    expect(wireBytes([sent], metricsDlq.maxMessageBytes)).toBeGreaterThan(0);
    const envelope = readable(Buffer.from(sent.value ?? ''));
    expect(envelope.source).toMatchObject({ topic: 'metrics.raw', partition: 3, offset: 4821 });
    expect(envelope.source.omitted_bytes).toBeGreaterThan(0);
    expect(originalBytes(envelope)).toBeNull();
  });

  it('begins beyond what any record of Weir is, so that those are whole', () => {
    const value = Buffer.alloc(metricsRaw.maxMessageBytes);
    const envelope = readable(Buffer.from(sentFor(letter({ value, key: Buffer.alloc(mebibyte) })).value ?? ''));
    expect(originalBytes(envelope)?.value).toEqual(value);
  });
});

function sentFor(sentLetter: DeadLetter, { group, serviceVersion, routedAt } = context): OutgoingRecord {
  const sent: OutgoingRecord[] = [];
  const producer = { send: async (records: readonly OutgoingRecord[]) => void sent.push(...records) };
  const publisher = new DeadLetterPublisher(producer, {
    topic: 'metrics.dlq',
    group,
    serviceVersion,
    clock: () => routedAt,
  });
  void publisher.publish([sentLetter]);
  return sent[0]!;
}

describe('reading an envelope', () => {
  it('reads the shape of the source document alone', () => {
    const value = {
      dlq_metadata: { routed_at_utc: '2026-01-01T00:00:00Z', reason: 'frame', error: 'no frame' },
      source: { topic: 't', partition: 0, offset: 1, timestamp_ms: 2, key: 'k', raw_value_hex: '00' },
    };
    const parsed = readable(Buffer.from(JSON.stringify(value)));
    expect(parsed.dlq_metadata).toMatchObject({ class: 'poison', attempts: 1, tenant_id: null, schema_id: null });
    expect(originalBytes(parsed)).toEqual({ key: Buffer.from('k'), value: Buffer.from([0]), headers: [] });
  });

  it.each([
    null,
    '',
    'null',
    '[]',
    '{}',
    '{"dlq_metadata":{},"source":{}}',
    JSON.stringify({ ...buildEnvelope(letter(), context), source: null }),
    JSON.stringify(buildEnvelope(letter(), context)).replace('0000000009', '000'),
    JSON.stringify(buildEnvelope(letter(), context)).replace('"decode"', '"ValueError"'),
    JSON.stringify(buildEnvelope(letter(), context)).replace('4821', '48.21'),
  ])('says why %s is none, and does not throw', (text) => {
    const parsed = parseEnvelope(text === null ? null : Buffer.from(text));
    expect(parsed).toEqual({ unreadable: expect.any(String) });
  });

  it('never throws, whatever stands in the topic', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes(100),
          fc.json().map((j) => Buffer.from(j)),
        ),
        (value) => {
          expect(isUnreadable(parseEnvelope(value))).toBe(true);
        },
      ),
    );
  });

  it('survives a second reading of what it wrote', () => {
    expect(reparsed(buildEnvelope(letter(), context))).toEqual(buildEnvelope(letter(), context));
  });
});

const of = (message: string, more: Partial<DeadLetter> = {}): string =>
  fingerprint(letter({}, { error: new ValidationError('name', message), ...more }));

describe('the fingerprint', () => {
  it.each([
    ["label 'host' is too long (300 > 255)", "label 'region' is too long (9000 > 255)"],
    ['no schema 17', 'no schema 99'],
    ['bytes 0xdeadbeef at 3', 'bytes 0x00 at 17'],
    ['digest 9f86d081884c7d65 unknown', 'digest 2c26b46b68ffc68f unknown'],
    ['series 0c766f4e-4033-482a-9810-facaa7246010 refused', 'series ffffffff-4033-482a-9810-facaa7246010 refused'],
    ['value 1e309 is not finite', 'value -2.5E400 is not finite'],
  ])('is the same for %j and %j', (one, other) => {
    expect(of(one)).toBe(of(other));
  });

  it('tells causes apart, and tenants, schemas and reasons', () => {
    const all = [
      of('the name is empty'),
      of('the name is too long'),
      of('the name is empty', { tenantId: 'other' }),
      of('the name is empty', { schemaId: 10 }),
      of('the name is empty', { class: 'invalid', reason: 'name' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('does not take what it has found for a cause that only reads alike', () => {
    const alike: [string | null, string][] = [
      ['a', 'b c'],
      ['a b', 'c'],
      [null, 'null c'],
      ['null', 'c'],
      ['undefined', 'c'],
    ];
    for (const _ of [1, 2])
      expect(new Set(alike.map(([tenantId, message]) => of(message, { tenantId }))).size).toBe(alike.length);
    // More than are remembered, and longer than what is.
    const many = Array.from({ length: 3_000 }, (_, n) => of(`tenant ${'x'.repeat(n)}`, { tenantId: `t${n}` }));
    expect(Array.from({ length: 3_000 }, (_, n) => of(`tenant ${'x'.repeat(n)}`, { tenantId: `t${n}` }))).toEqual(many);
  });

  it('leaves words alone that only look like hexadecimal, and apostrophes', () => {
    expect(errorPattern("can't decode: defaced facade, tenant's feed")).toBe(
      "can't decode: defaced facade, tenant's feed",
    );
  });
});

describe('the identity', () => {
  it('is the position of the record, with the id of its topic and the group', () => {
    expect(identityText(identityOf(letter(), 'g/1'))).toBe(`${TOPIC_ID}/3/4821/g/1`);
    expect(parseIdentity(`${TOPIC_ID}/3/4821/g/1`)).toEqual({
      topicId: TOPIC_ID,
      partition: 3,
      offset: 4821,
      group: 'g/1',
    });
  });

  it('stays the first one when a replayed record fails again for the same group', () => {
    const origin = `ffffffff-4033-482a-9810-facaa7246010/1/7/g`;
    const replayed = letter({ headers: [{ key: ORIGIN_HEADER, value: Buffer.from(origin) }] });
    expect(identityText(identityOf(replayed, 'g'))).toBe(origin);
    expect(identityOf(replayed, 'another').offset).toBe(4821);
  });

  it.each([null, '', 'x', `${TOPIC_ID}/3/4821`, `${TOPIC_ID}/-3/4821/g`, `${TOPIC_ID}/3/4821/`])(
    'is not read from %j',
    (text) => {
      expect(parseIdentity(text)).toBeNull();
    },
  );
});

describe('reasons', () => {
  it('are a closed list, each of one class', () => {
    expect({ poison: byClass('poison'), invalid: byClass('invalid'), rejected: byClass('rejected') }).toEqual({
      poison: ['frame', 'unknown_schema', 'decode'],
      invalid: ['tenant', 'name', 'labels', 'value', 'timestamp', 'null_value'],
      rejected: ['database'],
    });
  });
});
