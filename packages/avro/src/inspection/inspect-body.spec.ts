import { describe, expect, it } from '@jest/globals';
import { damage, FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import * as fc from 'fast-check';

import { parseSchema } from '../strict-types.js';
import { newestSchema, subjects } from '../subjects.js';
import { inspectBody } from './inspect-body.js';

const schema = newestSchema(subjects.metricsRaw);
const type = parseSchema(schema);
const event = {
  name: 'http_requests_total',
  value: 12.5,
  timestamp: 1_763_700_000_123,
  labels: { region: 'eu', host: 'web-1' },
  environment: 'production',
  tenant_id: 'acme',
  ingested_at: 1_763_700_000_456,
};
const body = type.toBuffer(event);
const inspect = (bytes: Buffer, writer: unknown = JSON.parse(schema)) => inspectBody(JSON.stringify(writer), bytes, 0);
const faultOf = (bytes: Buffer, writer?: unknown) => inspect(bytes, writer)?.fault;
const flat = (...parts: (number | string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
let records = 0;
const record = (...fields: [string, unknown][]) => ({
  type: 'record',
  name: `R${(records += 1)}`,
  fields: fields.map(([name, inner]) => ({ name, type: inner })),
});

describe('inspecting a body that its schema describes', () => {
  it('shows every field, and where each begins', () => {
    const inspection = inspect(body);
    expect(inspection).toMatchObject({ schemaName: 'com.analytics.metrics.MetricEvent', value: event, fault: null });
    expect(inspection?.offsets.get('name')).toBe(1);
    expect(inspection?.offsets.get('value')).toBe(1 + event.name.length);
    expect(body.toString('utf8', inspection?.offsets.get('labels.host')).startsWith('web-1')).toBe(true);
  });

  it('shows bytes as hex, great longs and what is no number as text', () => {
    const writer = record(
      ['raw', 'bytes'],
      ['far', 'long'],
      ['ratio', 'double'],
      ['kind', { type: 'fixed', name: 'F', size: 2 }],
    );
    const nan = Buffer.alloc(8);
    nan.writeDoubleLE(NaN);
    const far = Buffer.from('feffffffffffffffff01', 'hex');
    const inspection = inspect(flat(4, 0xca, 0xfe, far, nan, 1, 2), writer);
    expect(inspection?.value).toEqual({ raw: 'cafe', far: '9223372036854775807', ratio: 'NaN', kind: '0102' });
    expect(inspection?.fault).toMatchObject({ problem: 'long_inexact', field: 'far', byte: 3 });
  });

  it('keeps a key called __proto__', () => {
    const { value } = inspect(flat(2, 18, '__proto__', 2, 'x', 0), { type: 'map', values: 'string' }) ?? {};
    expect(JSON.stringify(value)).toBe('{"__proto__":"x"}');
  });

  it('is no inspection where the writer schema is none of Avro', () => {
    expect(inspectBody('syntax = "proto3";', body, 0)).toBeNull();
  });
});

describe('inspecting a body that its schema does not describe', () => {
  it.each([
    [
      'ends within the value',
      body.subarray(0, 24),
      { problem: 'ends_early', field: 'value', byte: 20, claimed: '8', available: 4 },
    ],
    ['ends within the labels', body.subarray(0, 38), { problem: 'length_past_end', field: 'labels', claimed: '6' }],
    ['has bytes left over', flat(body, 1, 2, 3), { problem: 'left_over', field: '', byte: body.length, available: 3 }],
    ['has a name of negative length', flat(3), { problem: 'length_negative', field: 'name', byte: 0, claimed: '-2' }],
    [
      'has a name that is no UTF-8',
      flat(4, 'a', 0xff, body.subarray(20)),
      { problem: 'not_utf8', field: 'name', byte: 2 },
    ],
    ['has a number without end', Buffer.alloc(40, 0xff), { problem: 'number_too_long', field: 'name', byte: 0 }],
  ])('names the field and the byte where it %s', (_case, bytes, fault) => {
    expect(faultOf(bytes)).toMatchObject(fault);
  });

  it.each([
    [
      'a branch that a union has not',
      record(['a', ['null', 'string']]),
      flat(4),
      { problem: 'union_branch', field: 'a', claimed: '2', available: 2 },
    ],
    ['a negative branch', record(['a', ['null', 'string']]), flat(1), { problem: 'union_branch', claimed: '-1' }],
    [
      'a symbol that an enum has not',
      record(['a', { type: 'enum', name: 'E', symbols: ['X'] }]),
      flat(2),
      { problem: 'enum_symbol', field: 'a' },
    ],
    [
      'more items than bytes',
      record(['a', { type: 'map', values: 'string' }]),
      flat(200, 1),
      { problem: 'count_past_end', field: 'a', claimed: '100' },
    ],
    [
      'items without bytes',
      record(['a', { type: 'array', items: 'null' }]),
      flat(2, 0),
      { problem: 'item_without_bytes', field: 'a' },
    ],
    [
      'a fault within a record within a list',
      record(['a', { type: 'array', items: record(['b', 'string']) }]),
      flat(2, 8, 'abc'),
      { problem: 'length_past_end', field: 'a.0.b', byte: 1 },
    ],
  ])('finds %s', (_case, writer, bytes, fault) => {
    expect(faultOf(bytes, writer)).toMatchObject(fault);
  });

  it('draws the line for integers where a reader does: at 2^52', () => {
    const timestamp = (hex: string): Buffer =>
      flat(2, 'n', Buffer.alloc(8), Buffer.from(hex, 'hex'), body.subarray(34));
    const [below, at] = ['feffffffffffff0f', '8080808080808010'].map(timestamp);
    expect([below, at].map((bytes) => isRead(bytes ?? flat()))).toEqual([true, false]);
    expect(faultOf(below ?? flat())).toBeNull();
    expect(faultOf(at ?? flat())).toMatchObject({
      problem: 'long_inexact',
      field: 'timestamp',
      claimed: String(2 ** 52),
    });
  });

  it('shows what came before the fault', () => {
    expect(inspect(body.subarray(0, 30))).toMatchObject({ value: { name: event.name, value: 12.5 }, partial: true });
  });

  it('stops at nesting without end', () => {
    const writer = { type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] };
    expect(faultOf(Buffer.alloc(100_000, 2), writer)).toMatchObject({ problem: 'too_deep' });
  });
});

describe('inspecting any bytes', () => {
  it(
    'finds a fault exactly where a reader refuses them, and answers what JSON holds',
    () => {
      fc.assert(
        fc.property(damage, (change) => {
          const bytes = change(body);
          const inspection = inspect(bytes);
          expect(inspection?.fault === null).toBe(isRead(bytes));
          expect(JSON.parse(JSON.stringify(inspection?.value))).toEqual(inspection?.value);
        }),
        { numRuns: fuzzRuns(1_000) },
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('bounds time and output for a megabyte that unfolds to a million values', () => {
    const writer = {
      type: 'array',
      items: record(['a', 'boolean'], ...Array.from({ length: 200 }, (_, i) => [`n${i}`, 'null'] as [string, unknown])),
    };
    const began = performance.now();
    const inspection = inspect(flat(Buffer.from('80897a', 'hex'), Buffer.alloc(1_000_000)), writer);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(inspection?.partial).toBe(true);
    expect(JSON.stringify(inspection?.value).length).toBeLessThan(2_000_000);
  });

  it('cuts a text of a megabyte, and says so', () => {
    const length = Buffer.from('80897a', 'hex'); // 1,000,000
    const inspection = inspect(flat(length, Buffer.alloc(1_000_000, 'ü')), 'string');
    expect(inspection).toMatchObject({ partial: true, fault: null });
    expect(JSON.stringify(inspection?.value).length).toBeLessThan(300_000);
  });
});

/** As metrics-consumer reads: strictly, and to the end. */
function isRead(bytes: Buffer): boolean {
  try {
    const result: { offset: number } = type.decode(bytes, 0);
    return result.offset === bytes.length;
  } catch {
    return false;
  }
}
