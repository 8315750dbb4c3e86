import { beforeAll, describe, expect, it } from '@jest/globals';
import { RecordDecodeError } from '@weir/errors';
import * as fc from 'fast-check';

import { SchemaVersion } from '../src/index.js';
import { anything, event, prepared, writtenWith, type Prepared } from './prepared.js';

let weir: Prepared;
beforeAll(async () => {
  weir = await prepared();
});

const reasonOf = (decoded: unknown) => (decoded instanceof RecordDecodeError ? decoded.reason : decoded);

/** Avro's zig-zag variable-length integer. */
function long(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([long(bytes.length), bytes]);
}

/** The frame of a v1 record, as the encoder writes it. */
function frame(): Buffer {
  const [value = Buffer.alloc(0)] = weir.encoder.encode([event], SchemaVersion.V1);
  return value.subarray(0, 5);
}

/** A v1 record with these bytes as its labels. */
function withLabels(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([frame(), string('name'), Buffer.alloc(8), long(1), ...parts]);
}

describe('a value without a frame', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['too few bytes', Buffer.from([0, 0, 0, 1])],
    ['another first byte', Buffer.from([1, 0, 0, 0, 1, 2])],
    ['JSON', Buffer.from('{"name":"a"}')],
  ])('is refused as such: %s', (_, value) => {
    expect(reasonOf(weir.decoder.decode(value))).toBe('frame');
  });

  it('is refused as such also where there is no value at all', () => {
    expect(reasonOf(weir.decoder.decode(anything(null)))).toBe('frame');
  });

  it('with an id that no registry gives out is of an unknown schema, and nobody is asked', () => {
    expect(reasonOf(weir.decoder.decode(Buffer.from([0, 255, 255, 255, 255, 1])))).toBe('unknown_schema');
  });
});

describe('a body that its schema does not describe', () => {
  const huge = 2n ** 52n;
  it.each([
    ['no body', () => frame()],
    ['a name longer than the record', () => Buffer.concat([frame(), long(huge)])],
    ['a name of negative length', () => Buffer.concat([frame(), long(-1)])],
    ['a length of 150 bytes', () => Buffer.concat([frame(), Buffer.alloc(150, 0x80), Buffer.from([0])])],
    [
      'a time that a double holds not exactly',
      () => Buffer.concat([frame(), string('n'), Buffer.alloc(8), long(-(2n ** 52n) - 1n), long(0)]),
    ],
    ['labels without end', () => withLabels(long(1), string('a'), string('b'))],
    ['more labels than bytes', () => withLabels(long(huge), string('a'), string('b'))],
    ['a negative count of labels beyond the bytes', () => withLabels(long(-huge), long(2), string('a'), string('b'))],
    ['the lowest count of all', () => withLabels(long(-(2n ** 63n)), long(2))],
    ['a block size beyond the bytes', () => withLabels(long(-1), long(huge), string('a'), string('b'), long(0))],
    ['a negative block size', () => withLabels(long(-1), long(-100), string('a'), string('b'), long(0))],
    ['a name that is not UTF-8', () => Buffer.concat([frame(), string(Buffer.from([0xc3, 0x28])), Buffer.alloc(10)])],
    [
      'a label that is not UTF-8',
      () => withLabels(long(1), string('a'), string(Buffer.from([0xed, 0xa0, 0x80])), long(0)),
    ],
    ['a label name that is not UTF-8', () => withLabels(long(1), string(Buffer.from([0xff])), string('b'), long(0))],
    ['bytes left over', () => withLabels(long(0), Buffer.from([0]))],
  ])('is refused in no time: %s', (_, value) => {
    const began = performance.now();
    expect(reasonOf(weir.decoder.decode(value()))).toBe('decode');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('is told from the same body cut at any byte', () => {
    for (const version of Object.values(SchemaVersion)) {
      const [value = Buffer.alloc(0)] = weir.encoder.encode([event], version);
      for (let end = 5; end < value.length; end += 1)
        expect(reasonOf(weir.decoder.decode(value.subarray(0, end)))).toBe('decode');
    }
  });
});

describe('a body that other writers may write', () => {
  it('has its labels in several blocks, with and without their size', () => {
    const block = Buffer.concat([string('a'), string('1')]);
    const value = withLabels(long(-1), long(block.length), block, long(1), string('b'), string('2'), long(0));
    expect(weir.decoder.decode(value)).toMatchObject({ labels: { a: '1', b: '2' } });
  });

  it('has NUL and the replacement character in its strings, which validation is to judge', () => {
    const value = withLabels(long(1), string('\0'), string('a\uFFFDb'), long(0));
    expect(weir.decoder.decode(value)).toMatchObject({ labels: { '\0': 'a\uFFFDb' } });
  });
});

describe('any bytes', () => {
  it('decode to an event or to an error, without throwing', () => {
    const version = fc.constantFrom(...Object.values(SchemaVersion));
    const mangled = fc.tuple(version, fc.uint8Array({ maxLength: 60 }), fc.nat(80), fc.boolean());
    const property = fc.property(mangled, ([written, bytes, at, insert]) => {
      const [value = Buffer.alloc(0)] = weir.encoder.encode([event], written);
      const cutAt = 5 + at;
      const tail = value.subarray(insert ? cutAt : cutAt + bytes.length);
      const decoded = weir.decoder.decode(Buffer.concat([value.subarray(0, cutAt), bytes, tail]));
      return decoded instanceof RecordDecodeError
        ? decoded.reason === 'decode'
        : Object.values(decoded.labels).every((label) => typeof label === 'string');
    });
    expect(fc.check(property, { numRuns: 3_000 })).toMatchObject({ failed: false });
  });
});

describe('a record of somebody else’s schema', () => {
  const fields = [
    { name: 'name', type: 'string' },
    { name: 'value', type: 'double' },
    { name: 'timestamp', type: 'long' },
  ];
  const named = { type: 'record', name: 'MetricEvent', namespace: 'com.analytics.metrics' };
  const required = Buffer.concat([string('n'), Buffer.alloc(8), long(1)]);
  const huge = long(2n ** 52n);

  it.each<[string, object]>([
    ['of another name', { ...named, name: 'Other', fields }],
    ['that lacks a field', { ...named, fields: fields.slice(1) }],
    ['that is no record', anything('string')],
    ['that recurs without end', { ...named, fields: [...fields, { name: 'next', type: 'MetricEvent' }] }],
  ])('%s can never be read', async (_, schema) => {
    const { decode } = await writtenWith(schema);
    expect(reasonOf(decode(required))).toBe('decode');
  });

  it('is read where it has what a MetricEvent needs', async () => {
    const more = { name: 'more', type: ['null', 'bytes'], default: null };
    const { decode } = await writtenWith({ ...named, fields: [...fields, more] });
    expect(decode(Buffer.concat([required, long(1), string('abc')]))).toMatchObject({ name: 'n', labels: {} });
  });

  it.each<[string, unknown, Buffer]>([
    ['an array of nothing', { type: 'array', items: 'null' }, Buffer.concat([huge, long(0)])],
    ['an array of few bytes for nothing', { type: 'array', items: 'null' }, Buffer.concat([long(1), long(0)])],
    ['an array beyond the bytes', { type: 'array', items: 'string' }, Buffer.concat([huge, string('a')])],
    ['a block that leads backwards', { type: 'array', items: 'long' }, Buffer.concat([long(-1), long(-9), long(0)])],
    ['a map that leads backwards', { type: 'map', values: 'long' }, Buffer.concat([long(-1), long(-9), long(0)])],
    ['a map beyond the bytes', { type: 'map', values: 'long' }, Buffer.concat([huge, string('a'), long(1)])],
    ['bytes beyond the end', 'bytes', Buffer.concat([huge])],
    ['bytes of a length that is no number', 'bytes', Buffer.concat([Buffer.alloc(150, 0x80), Buffer.from([0])])],
    ['a branch that is not there', ['null', 'string'], long(7)],
  ])('is refused in no time where a field that nobody reads has %s', async (_, type, body) => {
    const { decode } = await writtenWith({ ...named, fields: [...fields, { name: 'extra', type }] });
    const began = performance.now();
    expect(reasonOf(decode(Buffer.concat([required, body])))).toBe('decode');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('is refused where it is nested deeper than the stack, and the next record is read', async () => {
    const list = { type: 'record', name: 'List', fields: [{ name: 'rest', type: ['null', 'List'] }] };
    const { decode } = await writtenWith({ ...named, fields: [...fields, { name: 'list', type: list }] });
    expect(reasonOf(decode(Buffer.concat([required, Buffer.alloc(1_000_000, 2), long(0)])))).toBe('decode');
    expect(decode(Buffer.concat([required, long(1), long(0)]))).toMatchObject({ name: 'n' });
  });
});
