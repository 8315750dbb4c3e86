import { beforeAll, describe, expect, it } from '@jest/globals';
import { RecordEncodeError, SchemaRegistryUnavailableError } from '@weir/errors';
import { engines } from '@weir/testing';
import * as fc from 'fast-check';

import {
  MetricEventEncoder,
  SchemaVersion,
  connectSchemaRegistry,
  replayChunkDecoder,
  replayChunkEncoder,
  replayEventDecoder,
  replayEventEncoder,
  tenantDecoder,
  tenantEncoder,
  type MetricEvent,
  type ReplayChunk,
  type ReplayEvent,
  type Tenant,
} from '../src/index.js';
import { anything, event, prepared, type Prepared } from './prepared.js';

// Every string that UTF-8 has, and those that code trips over.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constantFrom('', '\0', '\uFFFD', '__proto__', 'constructor', 'toString', '0', '🌊'.repeat(50)),
);
const labels = fc
  .array(fc.tuple(text, text), { maxLength: 20 })
  .map((entries) => Object.fromEntries(entries) as Readonly<Record<string, string>>);
const epochMs = fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 });
const metricEvent: fc.Arbitrary<MetricEvent> = fc.record({
  name: text,
  value: fc.double(),
  timestamp: epochMs,
  labels,
  environment: fc.option(text),
  tenant_id: text,
  ingested_at: epochMs,
});

/** What a version has no field for. */
const lost: Record<SchemaVersion, Partial<MetricEvent>> = {
  v1: { environment: null, tenant_id: '', ingested_at: 0 },
  v2: { tenant_id: '', ingested_at: 0 },
  v3: {},
};

let weir: Prepared;
beforeAll(async () => {
  weir = await prepared();
});

describe.each(Object.values(SchemaVersion))('an event written as %s', (version) => {
  it('is read as it was written, less what the version has no field for', () => {
    fc.assert(
      fc.property(fc.array(metricEvent, { maxLength: 30 }), (events) => {
        const read = weir.encoder.encode(events, version).map((value) => weir.decoder.decode(value));
        expect(read).toEqual(events.map((written) => ({ ...written, ...lost[version] })));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps labels that are named as members of Object, as its own and nobody else’s', () => {
    const named = Object.fromEntries(
      ['__proto__', 'constructor', 'hasOwnProperty'].map((name) => [name, `label ${name}`]),
    );
    const [value] = weir.encoder.encode([{ ...event, labels: named }], version);
    const read = weir.decoder.decode(value ?? Buffer.alloc(0));
    expect('labels' in read && Object.entries(read.labels)).toEqual(Object.entries(named));
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('tells which fields its writer knew', () => {
    const [value = Buffer.alloc(0)] = weir.encoder.encode([event], version);
    expect(weir.decoder.writes(value, 'tenant_id')).toBe(version === SchemaVersion.V3);
    expect(weir.decoder.reads(value)).toBe(true);
  });
});

describe('a request of many events', () => {
  it('is one buffer that grows with them, and is never written again', () => {
    const long = { ...event, labels: { padding: 'ü'.repeat(10_000) } };
    const first = weir.encoder.encode([event, long, event, long], SchemaVersion.V3);
    const copies = first.map((value) => Buffer.from(value));
    for (let call = 0; call < 50; call += 1) weir.encoder.encode([long, event], SchemaVersion.V3);
    expect(first).toEqual(copies);
    expect(new Set(first.map((value) => value.buffer)).size).toBe(1);
    expect(first.map((value) => weir.decoder.decode(value))).toEqual([event, long, event, long]);
  });

  it('may be empty', () => {
    expect(weir.encoder.encode([], SchemaVersion.V3)).toEqual([]);
  });
});

describe('what does not fit the schema', () => {
  it.each<[string, Partial<MetricEvent>, string]>([
    ['a fraction of a millisecond', { timestamp: 1.5 }, 'timestamp'],
    ['a time beyond 2^52', { timestamp: -(2 ** 52) - 1 }, 'timestamp'],
    ['a value that is no number', { value: anything('1') }, 'value'],
    ['a label that is no string', { labels: { a: anything(1) } }, 'labels'],
    ['a missing name', { name: anything(undefined) }, 'name'],
    ['a lone surrogate, short', { name: 'a\ud800' }, 'lone surrogate'],
    ['a lone surrogate in a label’s name', { labels: { 'a\udc00': '' } }, 'lone surrogate'],
    ['a lone surrogate, long', { name: `${'a'.repeat(100)}\ud800` }, 'lone surrogate'],
  ])('%s is the caller’s mistake, told without the data', (_, change, fault) => {
    const encode = () => weir.encoder.encode([event, { ...event, ...change }], SchemaVersion.V3);
    expect(encode).toThrow(RecordEncodeError);
    expect(encode).toThrow(fault);
    expect(encode).toThrow(/^Value 1 /);
  });
});

describe('before a schema’s id is known', () => {
  it('encoding fails as for a registry that is away', () => {
    const encoder = new MetricEventEncoder(weir.registry, { subject: weir.subject, autoRegister: false });
    expect(encoder.isReady(SchemaVersion.V3)).toBe(false);
    expect(() => encoder.encode([event], SchemaVersion.V3)).toThrow(SchemaRegistryUnavailableError);
  });
});

describe('a tenant', () => {
  it('is read as it was written', async () => {
    const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
    const encoder = tenantEncoder(registry, { autoRegister: true });
    const decoder = tenantDecoder(registry);
    const tenant: Tenant = {
      tenant_id: 'demo',
      name: 'Demo',
      state: 'active',
      version: 7,
      limits: {
        samples_per_second: 1000.5,
        burst: 5_000,
        max_active_series: 10_000,
        max_labels: 30,
        max_name_length: 200,
        max_label_name_length: null,
        max_label_value_length: null,
        past_window_ms: 2_592_000_000,
        in_flight_share: 0.5,
      },
      keys: [{ id: 'k', hash: 'ab'.repeat(32), scopes: ['ingest', 'query'], expires_at: null, revoked_at: 5 }],
      updated_at: 1_704_067_200_000,
    };
    await encoder.ready();
    const values = encoder.encode([tenant]);
    await decoder.prepare([...values, null]);
    expect(values.map((value) => decoder.decode(value))).toEqual([tenant]);
  });
});

describe('a replay', () => {
  it('has its chunks and events read as they were written', async () => {
    const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
    const chunk: ReplayChunk = {
      replay_id: 'r1',
      chunk: 0,
      issued_at: 1_704_067_200_000,
      deadline: 1_704_067_260_000,
      max_attempts: 3,
      records: [
        { dlq_partition: 1, dlq_offset: 2, value_sha256: 'ab'.repeat(32), identity: 'id/0/1/group', replay_count: 2 },
      ],
    };
    const base = { replay_id: 'r1', occurred_at: 1_704_067_200_001, written_by: 'test' };
    const where = { topic: 'metrics.raw', partition: 3, offset: 4 };
    const events: ReplayEvent[] = [
      {
        ...base,
        answer: {
          chunk: 0,
          first: 0,
          records: [
            { outcome: 'published', ...where, reason: null },
            { outcome: 'mismatch', topic: null, partition: null, offset: null, reason: 'hash' },
          ],
        },
        outcomes: [],
      },
      {
        ...base,
        answer: null,
        outcomes: [
          {
            identity: 'id/0/1/group',
            replay_count: 2,
            outcome: 'failed_again',
            ...where,
            reason: 'name',
            fingerprint: 'f',
          },
        ],
      },
    ];
    const encoders = [
      replayChunkEncoder(registry, { autoRegister: true }),
      replayEventEncoder(registry, { autoRegister: true }),
    ] as const;
    await Promise.all(encoders.map((encoder) => encoder.ready()));
    const decoders = [replayChunkDecoder(registry), replayEventDecoder(registry)] as const;
    const [written, told] = [encoders[0].encode([chunk]), encoders[1].encode(events)];
    await Promise.all([decoders[0].prepare(written), decoders[1].prepare(told)]);
    expect(written.map((value) => decoders[0].decode(value))).toEqual([chunk]);
    expect(told.map((value) => decoders[1].decode(value))).toEqual(events);
  });
});
