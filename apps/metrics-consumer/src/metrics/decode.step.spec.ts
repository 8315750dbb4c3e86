import { describe, expect, it } from '@jest/globals';
import type { MetricEvent } from '@weir/avro';
import { RecordDecodeError, SchemaRegistryUnavailableError } from '@weir/errors';
import type { ConsumedRecord } from '@weir/kafka';

import { DecodeStep, type EventDecoder } from './decode.step.js';

const event: MetricEvent = {
  name: 'load1',
  value: 1,
  timestamp: 1,
  labels: {},
  environment: null,
  tenant_id: '',
  ingested_at: 0,
};
const record = (value: string | null, offset = 0, tenant?: string): ConsumedRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestampMs: 5,
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: tenant === undefined ? [] : [{ key: 'tenant-id', value: Buffer.from(tenant) }],
});

/** Reads `v1`, and `v3:<tenant>`; everything else is poison. */
const decoder: EventDecoder = {
  prepare: async () => {},
  reads: (value) => value.toString() !== 'new',
  decode: (value) => {
    const [version, tenant] = value.toString().split(':');
    if (version === 'v1') return event;
    if (version === 'v3') return { ...event, tenant_id: tenant ?? '' };
    return new RecordDecodeError('unknown_schema', 'no such schema', 77);
  },
  writes: (value) => value.toString().startsWith('v3'),
};

const decode = async (records: readonly ConsumedRecord[]) => [...(await new DecodeStep(decoder).apply(records))];

describe('DecodeStep', () => {
  it('reads versions side by side, each with its own tenant', async () => {
    const decoded = await decode([record('v1', 0, 'acme'), record('v3:beta', 1)]);
    expect(decoded).toMatchObject([
      { kind: 'event', tenantId: 'acme' },
      { kind: 'event', tenantId: 'beta' },
    ]);
  });

  it('reads at once whatever needs no registry, and leaves the rest', () => {
    const step = new DecodeStep(decoder);
    expect(step.applyNow(record('v3:beta'))).toMatchObject({ kind: 'event', tenantId: 'beta' });
    expect(step.applyNow(record(null))).toMatchObject({ reason: 'null_value' });
    expect(step.applyNow(record('new'))).toBeNull();
  });

  it('answers poison for what cannot be read, with its reason and what tenant the header names', async () => {
    const decoded = await decode([record('garbage', 0, 'acme')]);
    expect(decoded).toMatchObject([
      { kind: 'dead-letter', class: 'poison', reason: 'unknown_schema', tenantId: 'acme', error: { schemaId: 77 } },
    ]);
  });

  it('answers invalid for a null value and for a record without a tenant', async () => {
    const decoded = await decode([record(null), record('v1'), record('v3:')]);
    expect(decoded).toMatchObject([
      { class: 'invalid', reason: 'null_value', tenantId: null },
      { class: 'invalid', reason: 'tenant' },
      { class: 'invalid', reason: 'tenant' },
    ]);
  });

  it('rejects while the registry is away, and judges nobody', async () => {
    const away = new SchemaRegistryUnavailableError('connection refused');
    const step = new DecodeStep({ ...decoder, prepare: async () => Promise.reject(away) });
    await expect(step.apply([record('garbage')])).rejects.toBe(away);
  });
});
