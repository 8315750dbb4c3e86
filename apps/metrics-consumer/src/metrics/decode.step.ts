import type { AvroDecoder, MetricEvent } from '@weir/avro';
import { RecordDecodeError, UNTHROWN, ValidationError } from '@weir/errors';
import type { ConsumedRecord } from '@weir/kafka';
import { tenantOf } from '@weir/tenancy';

import type { DecodedEvent, Refusal } from './outcome.js';

/** The part of the Avro decoder that this step stands on. */
export type EventDecoder = Pick<AvroDecoder<MetricEvent>, 'prepare' | 'reads' | 'decode' | 'writes'>;

/**
 * Turns bytes into events, each with its tenant.
 *
 * Rejects only where the schema registry is needed and away; bytes that can never be read are outcomes.
 */
export class DecodeStep {
  constructor(private readonly decoder: EventDecoder) {}

  /** Each record is decoded as it is taken: one may unfold to many times its bytes, and they are not held all at once. */
  async apply(records: readonly ConsumedRecord[]): Promise<Iterable<DecodedEvent | Refusal>> {
    await this.decoder.prepare(records.map(({ value }) => value));
    return this.decodeEach(records);
  }

  /** The same of one record at once; null where the schema registry may have to be asked. */
  applyNow(record: ConsumedRecord): DecodedEvent | Refusal | null {
    return record.value === null || this.decoder.reads(record.value) ? this.decode(record) : null;
  }

  private *decodeEach(records: readonly ConsumedRecord[]): Generator<DecodedEvent | Refusal> {
    for (const record of records) yield this.decode(record);
  }

  private decode(record: ConsumedRecord): DecodedEvent | Refusal {
    if (record.value === null)
      return invalid(record, new ValidationError('null_value', 'the record has no value', UNTHROWN));
    const event = this.decoder.decode(record.value);
    if (event instanceof RecordDecodeError) return poison(record, event);
    const tenantId = tenantOf(event.tenant_id, this.decoder.writes(record.value, 'tenant_id'), record.headers);
    if (tenantId instanceof ValidationError) return invalid(record, tenantId);
    return { kind: 'event', record, event, tenantId };
  }
}

function poison(record: ConsumedRecord, error: RecordDecodeError): Refusal {
  return {
    kind: 'dead-letter',
    record,
    class: 'poison',
    reason: error.reason,
    error,
    tenantId: tenantInHeader(record),
  };
}

function invalid(record: ConsumedRecord, error: ValidationError): Refusal {
  const reason = error.code === 'null_value' ? 'null_value' : 'tenant';
  return { kind: 'dead-letter', record, class: 'invalid', reason, error, tenantId: tenantInHeader(record) };
}

/** A record that cannot be read may still say whose it is. */
function tenantInHeader(record: ConsumedRecord): string | null {
  const tenant = tenantOf('', false, record.headers);
  return tenant instanceof ValidationError ? null : tenant;
}
