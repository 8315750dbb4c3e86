import { isDeepStrictEqual } from 'node:util';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaVersion } from '@weir/avro';
import { RecordDecodeError, ValidationError } from '@weir/errors';
import { deadLetterReasons } from '@weir/kafka';
import { sampleFaultOf, tenantOf } from '@weir/tenancy';
import { damage, FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import * as fc from 'fast-check';

import { DeadLetterBench, type LetterOf } from '../../test/support/dead-letter-bench.js';
import type { Examination } from './diagnose.js';
import { FINDINGS } from './finding.js';
import { RegistrySchemas } from './registry-schemas.js';

let bench: DeadLetterBench;
beforeAll(async () => {
  bench = await DeadLetterBench.create();
});

const MEGABYTE = 1024 * 1024;

const text = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom('', '__proto__', '\0', 'up'))
  // Avro's strings hold no half of a surrogate pair.
  .map((any) => Buffer.from(any).toString('utf8'));
/** Often what is usual, so that there is something beyond each rule. */
const mostly = (usual: string) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: text });
const record = fc
  .record({
    name: mostly('up'),
    value: fc.double(),
    timestamp: fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 51, 1_763_719_200, 1_763_719_200_000_000)),
    labels: fc.dictionary(mostly('region'), mostly('eu'), { maxKeys: 3 }),
    environment: fc.option(text),
    tenant_id: mostly('acme'),
  })
  .chain((event) => fc.constantFrom(...Object.values(SchemaVersion)).map((version) => bench.write(event, version)));
const headers = fc.array(
  fc.record({
    key: fc.oneof(text, fc.constantFrom('tenant-id', 'Tenant-Id', '__value_schema_id', 'authorization')),
    value: fc.option(fc.oneof(mostly('acme'), fc.uint8Array({ maxLength: 40 })).map((bytes) => Buffer.from(bytes))),
  }),
  { maxLength: 3 },
);
const letter = fc.record({
  headers,
  reason: fc.constantFrom(...deadLetterReasons),
  error: fc.oneof(text, fc.string({ minLength: 300, maxLength: 1_000 })),
  omittedBytes: fc.constantFrom(0, 0, 0, 7),
});
const value = fc.oneof(
  record,
  fc.tuple(record, damage).map(([bytes, change]) => change(bytes)),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((json) => Buffer.from(json)),
  fc
    .tuple(record, fc.integer({ min: 0, max: 9 }))
    .map(([bytes, id]) => Buffer.concat([bytes.subarray(0, 4), Buffer.from([id]), bytes.subarray(5)])),
);

/** What of an answer could not be shown to anybody; empty where it is as promised. */
function unshowable({ findings, decoded }: Examination): unknown[] {
  const json = JSON.stringify(decoded);
  return [
    ...(findings.length === 0 ? ['no findings'] : []),
    ...findings.filter(({ code, detail, field = '', byte = 0 }) => {
      const hidden = /[\p{C}\p{Zl}\p{Zp}]/u.test(`${detail}${field}`);
      const known = Object.hasOwn(FINDINGS, code) && Number.isSafeInteger(byte);
      return !known || hidden || detail.length > 300 || field.length > 80;
    }),
    ...(json.length > 2 * MEGABYTE || !isDeepStrictEqual(JSON.parse(json), decoded) ? [decoded] : []),
  ];
}

describe('examining any dead letter', () => {
  it(
    'never throws, and answers in short words and in JSON',
    async () => {
      const property = fc.asyncProperty(value, letter, async (bytes, of) =>
        expect(unshowable(await bench.examine(bytes, of))).toEqual([]),
      );
      await fc.assert(property, { numRuns: fuzzRuns(1_500) });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'says that it passes now exactly where metrics-consumer would take it, and never contradicts it',
    async () => {
      const schemas = new RegistrySchemas(bench.registry);
      const property = fc.asyncProperty(value, headers, async (bytes, carried) => {
        const { findings } = await bench.examine(bytes, { headers: carried, reason: 'null_value' });
        const codes = findings.map(({ code }) => code);
        expect(codes.includes('passes_now')).toBe(await isTaken(schemas, bytes, carried));
        expect(codes.includes('another_reason_now')).toBe(!codes.includes('passes_now'));
        expect(codes).not.toContain('nothing_found');
      });
      await fc.assert(property, { numRuns: fuzzRuns(1_500) });
    },
    FUZZ_TIMEOUT_MS,
  );

  it.each([
    ['zeros', () => Buffer.alloc(MEGABYTE)],
    ['ones', () => Buffer.alloc(MEGABYTE, 0xff)],
    ['nested JSON', () => Buffer.from('['.repeat(MEGABYTE))],
    ['nested JSON that closes', () => Buffer.from(`${'['.repeat(MEGABYTE / 2)}${']'.repeat(MEGABYTE / 2)}`)],
    ['JSON of many values', () => Buffer.from(`[${'{},'.repeat(MEGABYTE / 3 - 10)}{}]`)],
    ['text', () => Buffer.alloc(MEGABYTE, 'ü')],
    ['text in base64', () => Buffer.alloc(MEGABYTE, 'AA')],
    ['text of one line of labels', () => Buffer.alloc(MEGABYTE, 'a,a=')],
    ['a frame and zeros', () => Buffer.concat([bench.write().subarray(0, 5), Buffer.alloc(MEGABYTE)])],
    [
      'a metric of many labels',
      () => bench.write({ labels: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`-${i}`, ''])) }),
    ],
    ['a metric with a long name', () => bench.write({ name: '☃'.repeat(300_000) })],
    ['a metric with a long legal name and one character', () => bench.write({ name: `${'a'.repeat(MEGABYTE)}-` })],
    ['replacement characters', () => bench.write({ name: '\uFFFD'.repeat(300_000) }).fill(0xff, 800_000, 800_001)],
    ['Protobuf', () => Buffer.alloc(MEGABYTE, Buffer.from([0x08, 0x01]))],
  ])(
    'takes little time for a megabyte of %s',
    async (_case, bytes) => {
      const hostile = bytes();
      const began = performance.now();
      const examination = await bench.examine(hostile, { reason: 'decode' });
      // About a tenth of a second each, on a machine that has nothing else to do.
      expect(performance.now() - began).toBeLessThan(20_000);
      expect(unshowable(examination)).toEqual([]);
    },
    60_000,
  );
});

/** As metrics-consumer goes: decode, tenant, rules. */
async function isTaken(
  schemas: RegistrySchemas,
  bytes: Buffer,
  carried: LetterOf['headers'] & object,
): Promise<boolean> {
  if (bytes.length < 5 || bytes[0] !== 0) return false;
  const schema = await schemas.find(bytes.readUInt32BE(1));
  if (schema.kind !== 'known') return false;
  const event = schema.read(bytes);
  if (event instanceof RecordDecodeError) return false;
  const tenant = tenantOf(event.tenant_id, schema.writes(bytes, 'tenant_id'), carried);
  return !(tenant instanceof ValidationError) && sampleFaultOf(event) === undefined;
}
