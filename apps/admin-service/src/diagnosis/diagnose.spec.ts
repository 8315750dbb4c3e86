import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SchemaVersion, subjects } from '@weir/avro';

import { APPENDED_MS, DeadLetterBench, event, header, type LetterOf } from '../../test/support/dead-letter-bench.js';

let bench: DeadLetterBench;
beforeAll(async () => {
  bench = await DeadLetterBench.create();
});
beforeEach(() => {
  bench.registry.down = false;
});

const { V1, V3 } = SchemaVersion;

async function codes(value: Buffer | null, letter?: LetterOf): Promise<string[]> {
  return (await bench.examine(value, letter)).findings.map(({ code }) => code);
}

async function finding(code: string, value: Buffer | null, letter?: LetterOf) {
  const { findings } = await bench.examine(value, letter);
  return findings.find((found) => found.code === code);
}

/** The body of `value` under the id of another schema. */
function withId(id: number, value = bench.write()): Buffer {
  const copy = Buffer.from(value);
  copy.writeUInt32BE(id, 1);
  return copy;
}

/** The beginning of a record. */
const bytes = (length: number): Buffer => bench.write().subarray(0, length);

describe('a frame whose schema is not there', () => {
  const letter: LetterOf = { reason: 'unknown_schema', error: 'The registry has no schema 4711.' };

  it('is told with the ids that Weir’s own schemas have, and what the body is', async () => {
    const { findings, schemaKnown } = await bench.examine(withId(4711), letter);
    expect(schemaKnown).toBe(false);
    expect(findings).toEqual([
      {
        code: 'schema_unknown',
        byte: 1,
        detail: 'Schema 4711 (bytes 1 to 4) is not in the registry. Weir’s own for metrics are 1, 2 and 3.',
      },
      expect.objectContaining({ code: 'other_registry', detail: expect.stringContaining('MetricEvent v3') }),
    ]);
  });

  it.each([
    ['schema 0', () => withId(0), ['schema_id_zero']],
    [
      'an id of eight bytes',
      () => Buffer.concat([Buffer.alloc(5), withId(3).subarray(1)]),
      ['schema_id_zero', 'apicurio_frame'],
    ],
    ['an id that no registry gives out', () => withId(0xff_ff_ff_ff), ['schema_unknown', 'other_registry']],
    ['a little-endian id', () => withId(0x03_00_00_00, Buffer.alloc(9)), ['schema_unknown', 'schema_id_swapped']],
  ])('is told to have %s', async (_case, value, expected) => {
    expect(await codes(value(), letter)).toEqual(expected);
  });

  it('shows an id that is a text', async () => {
    const found = await finding('schema_unknown', Buffer.from('\0{"na"'), letter);
    expect(found?.detail).toContain('As text those bytes are "{"na", so this may be no frame at all.');
  });

  it('would pass today where the schema is registered by now', async () => {
    const { findings, schemaKnown } = await bench.examine(bench.write(), letter);
    expect(schemaKnown).toBe(true);
    expect(findings[0]).toMatchObject({
      code: 'passes_now',
      detail: expect.stringContaining('The registry has the schema by now'),
    });
  });

  it('is not judged while the registry is away, and that is said with what metrics-consumer said', async () => {
    bench = await DeadLetterBench.create();
    bench.registry.down = true;
    const { findings, schemaKnown, decoded } = await bench.examine(withId(4711), letter);
    expect([schemaKnown, decoded]).toEqual([null, { kind: 'bytes' }]);
    expect(findings).toEqual([
      { code: 'registry_away', detail: expect.stringContaining('ECONNREFUSED') },
      {
        code: 'nothing_found',
        detail: expect.stringContaining('said "The registry has no schema 4711." (unknown_schema)'),
      },
    ]);
  });
});

describe('a body that its schema does not describe', () => {
  const letter: LetterOf = { reason: 'decode' };

  it.each([
    [
      'ends within the value',
      () => bytes(28),
      'body_ends_early',
      'Field "value" ends too early: the double at byte 25 takes 8 bytes, with 3 bytes left.',
    ],
    [
      'ends after its name',
      () => bytes(33),
      'body_ends_early',
      'Field "timestamp" ends too early: schema 3 has a long at byte 33, where the value of 33 bytes ends.',
    ],
    [
      'goes on too long',
      () => Buffer.concat([bench.write(), Buffer.alloc(2)]),
      'body_left_over',
      'with 2 bytes left over',
    ],
    [
      'has a name of negative length',
      () => Buffer.concat([bytes(5), Buffer.from([3, 0])]),
      'length_invalid',
      'Field "name" has the length -2 at byte 5, and none is negative.',
    ],
    [
      'has a name longer than itself',
      () => Buffer.concat([bytes(5), Buffer.from([80, 65])]),
      'length_invalid',
      'Field "name" is to have 40 bytes by the length at byte 5, with 1 byte left.',
    ],
    [
      'is no Avro at all',
      () => Buffer.concat([bytes(5), Buffer.alloc(30, 0xff)]),
      'number_too_long',
      'goes on past its tenth byte',
    ],
  ])('is explained where it %s', async (_case, value, code, words) => {
    const found = await finding(code, value(), letter);
    expect(found?.detail).toContain(words);
  });

  it('is explained where a text in it is not UTF-8, by the very byte', async () => {
    const value = bench.write();
    value[10] = 0xff;
    const found = await finding('text_not_utf8', value, letter);
    expect(found).toEqual({
      code: 'text_not_utf8',
      byte: 10,
      field: 'name',
      detail: 'Field "name" is not UTF-8 from byte 10 on, which is 0xff.',
    });
  });

  it('is explained where it names a branch that a union has not', async () => {
    const value = bench.write();
    const branch = value.indexOf('production') - 2;
    value[branch] = 8;
    const found = await finding('branch_invalid', value, letter);
    expect(found).toMatchObject({
      byte: branch,
      field: 'environment',
      detail: expect.stringContaining('names branch 4'),
    });
  });

  it('shows what could be read before the fault', async () => {
    const { decoded } = await bench.examine(bytes(33), letter);
    const value = { name: event.name, value: event.value };
    expect(decoded).toEqual({ kind: 'avro', schemaId: 3, subject: 'metrics.raw-value', value, partial: true });
  });

  it('is told to be of another topic where its schema is', async () => {
    const [tenant] = subjects.tenants.versions;
    const id = await bench.registry.register(subjects.tenants.subject, tenant?.schema ?? '');
    const found = await finding('schema_of_another_subject', withId(id), letter);
    expect(found?.detail).toContain(`Schema ${id} is "com.analytics.tenants.Tenant" of the subject tenants-value`);
  });

  it('is told to be of another record where its schema is a stranger’s', async () => {
    const schema = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] });
    const id = await bench.registry.register('orders-value', schema);
    const found = await finding(
      'schema_unreadable',
      Buffer.concat([withId(id).subarray(0, 5), Buffer.from([4])]),
      letter,
    );
    expect(found?.detail).toContain(`what schema ${id} describes, "Order", and that cannot be read as a MetricEvent`);
  });

  it('is told to be Protobuf where its schema is, by the message’s index', async () => {
    const id = await bench.registry.register('proto-value', 'syntax = "proto3"; message Metric { string name = 1; }');
    const value = Buffer.concat([withId(id).subarray(0, 5), Buffer.from('000a036162631001', 'hex')]);
    expect(await codes(value, letter)).toEqual(['schema_not_avro', 'protobuf']);
  });

  it('is told to be JSON where its schema is a JSON Schema, or is not there', async () => {
    const schema = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' });
    const id = await bench.registry.register('json-value', schema);
    const json = Buffer.from('{"name":"up"}');
    expect(await codes(withId(id, Buffer.concat([bytes(5), json])), letter)).toEqual(['schema_not_avro', 'json']);
    expect(
      await finding('json', withId(4711, Buffer.concat([bytes(5), json])), { reason: 'unknown_schema' }),
    ).toMatchObject({ byte: 5 });
  });

  it('is told to be serialized twice where a frame follows the frame', async () => {
    const value = Buffer.concat([bench.write().subarray(0, 5), bench.write()]);
    expect((await codes(value, letter))[0]).toBe('frame_twice');
  });

  it('is told to be of another version where it reads as one', async () => {
    expect(await codes(withId(3, bench.write({}, V1)), letter)).toEqual(['body_ends_early', 'other_registry']);
  });
});

describe('a record without a tenant of its own', () => {
  it.each([
    [
      'an empty field',
      () => bench.write({ tenant_id: '' }),
      [],
      'tenant_missing',
      'Schema 3 has the field tenant_id, and it is empty.',
    ],
    ['no header', () => bench.write({}, V1), [], 'tenant_missing', 'the header tenant-id is not there'],
    [
      'an empty header',
      () => bench.write({}, V1),
      [header('tenant-id', null)],
      'tenant_missing',
      'the header tenant-id is empty',
    ],
    [
      'a header that is nearly called so',
      () => bench.write({}, V1),
      [header('Tenant_ID', 'acme')],
      'tenant_header_misnamed',
      'There is a header "Tenant_ID"',
    ],
    [
      'a header that contradicts',
      () => bench.write(),
      [header('tenant-id', 'other')],
      'tenant_contradicts',
      'The field tenant_id says "acme", and the header tenant-id "other".',
    ],
    [
      'two headers',
      () => bench.write({}, V1),
      [header('tenant-id', 'a'), header('tenant-id', 'a')],
      'tenant_twice',
      '2 times',
    ],
    [
      'a header that is no UTF-8',
      () => bench.write({}, V1),
      [header('tenant-id', Buffer.from([0x61, 0xff]))],
      'tenant_not_utf8',
      'has 0xff as its byte 1',
    ],
    [
      'a name that is too long',
      () => bench.write({ tenant_id: 'a'.repeat(300) }),
      [],
      'tenant_unstorable',
      '300 bytes; the store holds 255',
    ],
    [
      'a NUL in its name',
      () => bench.write({ tenant_id: 'a\0b' }),
      [],
      'tenant_unstorable',
      'The tenant "a\\u{0}b" has a NUL after 1 character',
    ],
  ])('is explained for %s', async (_case, value, headers, code, words) => {
    const found = await finding(code, value(), { reason: 'tenant', headers });
    expect(found?.detail).toContain(words);
  });
});

describe('a record of v1 with its tenant in the header', () => {
  it('has its tenant there', async () => {
    const headers = [header('tenant-id', 'acme')];
    expect(await codes(bench.write({}, V1), { reason: 'unknown_schema', headers })).toEqual(['passes_now']);
  });
});

describe('a sample that the store does not hold', () => {
  it.each([
    ['an empty name', { name: '' }, 'name', 'name_empty', 'name is empty'],
    [
      'a space in its name',
      { name: 'http requests' },
      'name',
      'name_illegal',
      'The name "http requests" has " " as its 5th character; letters, digits, _ and : are legal.',
    ],
    [
      'a digit in front',
      { name: '1st' },
      'name',
      'name_illegal',
      'has "1" as its 1st character; a name begins with a letter, _ or :.',
    ],
    [
      'a character that nobody sees',
      { name: 'a\u200Bb' },
      'name',
      'name_illegal',
      'The name "a\\u{200b}b" has "\\u{200b}" as its 2nd character',
    ],
    [
      'a name that is too long',
      { name: 'a'.repeat(2_000) },
      'name',
      'name_too_long',
      '2000 bytes; the store holds 1024',
    ],
    ['NaN', { value: NaN }, 'value', 'value_not_finite', 'Field value: NaN.'],
    ['infinity', { value: -Infinity }, 'value', 'value_not_finite', 'Field value: -Infinity.'],
    ['a time before 1970', { timestamp: -1 }, 'timestamp', 'timestamp_outside_store', '1969-12-31T23:59:59.999Z'],
    [
      'a hyphen in a label’s name',
      { labels: { 'host-name': 'a' } },
      'labels',
      'label_name_illegal',
      'The label name "host-name" has "-" as its 5th character',
    ],
    ['a label without a name', { labels: { '': 'a' } }, 'labels', 'label_name_illegal', 'empty name'],
    [
      'a NUL in a label',
      { labels: { region: 'eu\0' } },
      'labels',
      'label_value_illegal',
      '"labels.region" holds a NUL as its 3rd character',
    ],
    ['a NUL in the environment', { environment: '\0' }, 'labels', 'label_value_illegal', '"environment" holds a NUL'],
    [
      'too many labels',
      { labels: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`l${i}`, ''])) },
      'labels',
      'labels_too_many',
      'There are 300 labels; the store holds 256.',
    ],
    [
      'labels that are too long',
      { labels: { a: 'ü'.repeat(40_000) } },
      'labels',
      'labels_too_long',
      'The labels have 80001 bytes together',
    ],
    [
      'an environment that is too long',
      { environment: 'a'.repeat(1_025) },
      'labels',
      'labels_too_long',
      'The environment has 1025 bytes',
    ],
  ] as const)('is explained for %s', async (_case, changes, reason, code, words) => {
    const found = await finding(code, bench.write(changes), { reason });
    expect(found?.detail).toContain(words);
  });

  it('names the byte and the field', async () => {
    const value = bench.write({ name: 'a b', value: NaN, labels: { region: 'eu\0' } });
    const { findings } = await bench.examine(value, { reason: 'name' });
    expect(findings.map(({ code, byte, field }) => [code, byte, field])).toEqual([
      ['name_illegal', value.indexOf(' '), 'name'],
      ['value_not_finite', 9, 'value'],
      ['label_value_illegal', value.indexOf('eu\0') + 2, 'labels.region'],
    ]);
  });

  it('tells the mark of a stale series from any other NaN', async () => {
    const value = bench.write({ name: 'up', value: NaN });
    Buffer.from('020000000000f07f', 'hex').copy(value, 8);
    expect((await finding('value_not_finite', value, { reason: 'value' }))?.detail).toContain('went stale');
  });

  it('is warned of where a label is reserved, though that refuses nothing', async () => {
    expect(await codes(bench.write({ labels: { __name__: 'a' } }), { reason: 'labels' })).toEqual([
      'passes_now',
      'label_reserved',
    ]);
  });
});

describe('a timestamp in another unit', () => {
  it.each([
    ['seconds', Math.round(APPENDED_MS / 1_000), ['passes_now', 'timestamp_in_seconds']],
    ['microseconds', APPENDED_MS * 1_000, ['timestamp_in_microseconds', 'timestamp_outside_store']],
    ['nothing: nobody set it', 0, ['passes_now', 'timestamp_zero']],
    ['years ago', APPENDED_MS - 400 * 86_400_000, ['passes_now', 'timestamp_outside_window']],
    ['tomorrow', APPENDED_MS + 86_400_000, ['passes_now', 'timestamp_outside_window']],
    ['now', APPENDED_MS, ['passes_now']],
  ])('is told to be in %s', async (_case, timestamp, expected) => {
    expect(await codes(bench.write({ timestamp }), { reason: 'timestamp' })).toEqual(expected);
  });

  it('says which time was meant', async () => {
    const found = await finding('timestamp_in_seconds', bench.write({ timestamp: APPENDED_MS / 1_000 }), {
      reason: 'timestamp',
    });
    expect(found?.detail).toContain('1970-01-21');
    expect(found?.detail).toContain('in seconds it is 2026-11-21T10:00:00.000Z');
  });

  it('is told to be in nanoseconds, which no double holds and so no decoder reads', async () => {
    const nanoseconds = BigInt(APPENDED_MS) * 1_000_000n + 7n;
    const [before, after] = [
      bench.write({ name: 'a', timestamp: 0 }).subarray(0, 15),
      bench.write({ name: 'a', timestamp: 0 }).subarray(16),
    ];
    const found = await finding('timestamp_in_nanoseconds', Buffer.concat([before, zigzag(nanoseconds), after]), {
      reason: 'decode',
    });
    expect(found).toMatchObject({
      byte: 15,
      field: 'timestamp',
      detail: expect.stringContaining('in nanoseconds it is 2026-11-21T10:00:00.000Z'),
    });
  });
});

describe('what metrics-consumer said', () => {
  it('is compared: a record that passes by now is told to, with those words', async () => {
    const { findings } = await bench.examine(bench.write(), {
      reason: 'name',
      error: "the name breaks Prometheus' rule",
    });
    expect(findings).toEqual([
      {
        code: 'passes_now',
        detail: `metrics-consumer 1.2.3 said "the name breaks Prometheus' rule" (name). By today’s schemas and rules it is readable and breaks none: a replay would probably succeed.`,
      },
    ]);
  });

  it('is compared: a record that fails for another reason by now is told to', async () => {
    const { findings } = await bench.examine(bench.write({ value: NaN }), {
      reason: 'unknown_schema',
      error: 'no schema',
    });
    expect(findings.map(({ code }) => code)).toEqual(['value_not_finite', 'another_reason_now']);
    expect(findings[1]?.detail).toContain('Today it would be refused as value');
  });

  it('is not contradicted where the database spoke: what it says today is not known here', async () => {
    const error = 'new row for relation "samples" violates check constraint "samples_value_positive"';
    const [found, ...more] = (await bench.examine(bench.write(), { reason: 'database', error })).findings;
    expect(more).toEqual([]);
    expect(found?.code).toBe('database_check');
    expect(found?.detail).toContain(
      'SQLSTATE 23514: the check constraint "samples_value_positive" of "samples" refuses the row.',
    );
  });

  it('is agreed with for a tombstone', async () => {
    expect(await codes(null, { reason: 'null_value' })).toEqual(['tombstone']);
  });
});

describe('a dead letter that has only the beginning of its record', () => {
  const letter: LetterOf = { reason: 'frame', error: 'too much', omittedBytes: 5_000_000 };

  it('is examined by how it begins, and tells where the whole is', async () => {
    const { findings, decoded } = await bench.examine(Buffer.from('{"a":"ü').subarray(0, 7), letter);
    expect(findings.map(({ code }) => code)).toEqual(['json', 'bytes_omitted']);
    expect(findings[1]?.detail).toContain('5000000 bytes of the record are not in its dead letter');
    expect(findings[1]?.detail).toContain('"metrics.raw"[3]@42');
    expect(decoded.kind).toBe('text');
  });

  it('is not judged by what is missing', async () => {
    const value = bench.write().subarray(0, 20);
    expect(await bench.examine(value, { ...letter, reason: 'decode' })).toMatchObject({
      schemaKnown: true,
      decoded: { kind: 'bytes' },
      findings: [{ code: 'bytes_omitted' }],
    });
    expect(await codes(withId(4711, value), letter)).toEqual(['schema_unknown', 'bytes_omitted']);
  });
});

describe('a record that is good', () => {
  it('is shown as it was written', async () => {
    const { decoded } = await bench.examine(bench.write({}, V3));
    expect(decoded).toEqual({ kind: 'avro', schemaId: 3, subject: 'metrics.raw-value', value: event, partial: false });
  });
});

/** Avro's variable-length integer. */
function zigzag(value: bigint): Buffer {
  const digits: number[] = [];
  let rest = value << 1n;
  for (; rest > 0x7fn; rest >>= 7n) digits.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...digits, Number(rest)]);
}
