import { describe, expect, it } from '@jest/globals';
import { damage, FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import avsc, { type Schema, type Type } from 'avsc';
import * as fc from 'fast-check';

import type { MetricEvent } from '../src/index.js';
import { parseSchema } from '../src/strict-types.js';
import { newestSchema, subjects } from '../src/subjects.js';

const reader = parseSchema(newestSchema(subjects.metricsRaw));
const REQUIRED = { name: 'n', value: 1.5, timestamp: 1_704_067_200_123 };

/** A type of any depth as JSON, and values of it, with those of unions named by their branch. */
interface Typed {
  readonly schema: unknown;
  readonly value: fc.Arbitrary<unknown>;
}

const namespace = 'com.analytics.metrics';
let names = 0;
const fresh = (kind: string): string => `${kind}${(names += 1)}`;
const isUnion = ({ schema }: Typed): boolean => Array.isArray(schema);
const isNull = ({ schema }: Typed): boolean => schema === 'null';

const primitive: fc.Arbitrary<Typed> = fc.constantFrom<Typed>(
  { schema: 'null', value: fc.constant(null) },
  { schema: 'boolean', value: fc.boolean() },
  { schema: 'int', value: fc.integer() },
  { schema: 'long', value: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }) },
  { schema: 'double', value: fc.double({ noNaN: true }) },
  { schema: 'string', value: fc.string({ unit: 'grapheme' }) },
  { schema: 'bytes', value: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)) },
);

const fixed: fc.Arbitrary<Typed> = fc.integer({ min: 1, max: 4 }).map((size) => ({
  schema: { type: 'fixed', name: fresh('Fixed'), namespace, size },
  value: fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes)),
}));

const arrayOf = ({ schema, value }: Typed): Typed => ({
  schema: { type: 'array', items: schema },
  value: fc.array(value, { maxLength: 3 }),
});

const mapOf = ({ schema, value }: Typed): Typed => ({
  schema: { type: 'map', values: schema },
  value: fc.dictionary(fc.string({ unit: 'grapheme' }), value, { maxKeys: 3, noNullPrototype: true }),
});

const recordOf = ({ schema, value }: Typed): Typed => {
  const kind = { type: 'enum', name: fresh('Kind'), namespace, symbols: ['A', 'B'] };
  const fields = [
    { name: 'kind', type: kind },
    { name: 'more', type: schema },
  ];
  return {
    schema: { type: 'record', name: fresh('Inner'), namespace, fields },
    value: fc.record({ kind: fc.constantFrom('A', 'B'), more: value }),
  };
};

const optional = ({ schema, value }: Typed): Typed => {
  const branch = typeOf(schema).branchName ?? '';
  return { schema: ['null', schema], value: fc.option(value.map((inner) => ({ [branch]: inner }))) };
};

/** What another writer may add to a MetricEvent: unions within records within arrays within maps, and so on. */
const anyType: fc.Arbitrary<Typed> = fc.letrec<{ type: Typed }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    primitive,
    fixed,
    // Items that take no bytes are refused.
    tie('type')
      .filter((type) => !isNull(type))
      .map(arrayOf),
    tie('type').map(mapOf),
    tie('type').map(recordOf),
    tie('type')
      .filter((type) => !isNull(type) && !isUnion(type))
      .map(optional),
  ),
})).type;

/** As the reference implementation has it. */
function typeOf(schema: unknown): Type {
  return avsc.Type.forSchema(schema as Schema, { wrapUnions: true });
}

interface Written {
  readonly writer: unknown;
  readonly body: Buffer;
}

/** A record with a field that our reader does not know. */
const written: fc.Arbitrary<Written> = anyType
  .chain(({ schema, value }) => fc.record({ schema: fc.constant(schema), extra: value }))
  .map(({ schema, extra }) => {
    const fields = [
      { name: 'name', type: 'string' },
      { name: 'extra', type: schema },
      { name: 'value', type: 'double' },
      { name: 'timestamp', type: 'long' },
    ];
    const writer = { type: 'record', name: 'MetricEvent', namespace, fields };
    return { writer, body: typeOf(writer).toBuffer({ ...REQUIRED, extra }) };
  });

/** What our reader makes of a body: an event, or null where it refuses it. */
function read({ writer, body }: Written): MetricEvent | null {
  const resolver = reader.createResolver(parseSchema(JSON.stringify(writer)));
  try {
    const result: { value: MetricEvent; offset: number } = reader.decode(body, 0, resolver);
    return result.offset === body.length ? result.value : null;
  } catch {
    return null;
  }
}

describe('a body by any other writer', () => {
  it(
    'is read, whatever else it carries',
    () => {
      const property = fc.property(written, (record) => {
        expect(read(record)).toMatchObject(REQUIRED);
      });
      fc.assert(property, { numRuns: fuzzRuns(500) });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'is read or refused once it is damaged, in time and memory that its bytes bound',
    () => {
      const property = fc.property(written, damage, (record, change) => {
        const [heap, began] = [process.memoryUsage().heapUsed, performance.now()];
        const event = read({ ...record, body: change(record.body) });
        expect(performance.now() - began).toBeLessThan(10_000);
        expect(process.memoryUsage().heapUsed - heap).toBeLessThan(50_000_000);
        return event === null || (typeof event.name === 'string' && Number.isInteger(event.timestamp));
      });
      fc.assert(property, { numRuns: fuzzRuns(1_000) });
    },
    FUZZ_TIMEOUT_MS,
  );
});
