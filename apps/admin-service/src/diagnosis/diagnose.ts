import { type BodyInspection, FRAME_BYTES, inspectBody, readSchemaId } from '@weir/avro';
import { RecordDecodeError, ValidationError } from '@weir/errors';
import type { ConsumedRecord, DeadLetterEnvelope } from '@weir/kafka';
import { tenantOf } from '@weir/tenancy';

import { compareReasons } from './agreement.js';
import { BYTES, type Decoded, decodedAvro } from './decoded.js';
import { counted, finding, quoted } from './finding.js';
import type { SchemaAnswer, WriterSchemas } from './registry-schemas.js';
import { examineSample } from './sample.js';
import { examineTenant } from './tenant.js';
import { examineUnframed } from './unframed.js';
import { examineUnknownSchema } from './unknown-schema.js';
import { examineBody } from './unreadable-body.js';
import type { Examination, Verdict } from './verdict.js';

export type { Examination };

type Original = Pick<ConsumedRecord, 'key' | 'value' | 'headers'>;
type KnownSchema = Extract<SchemaAnswer, { kind: 'known' }>;

/** A record whose frame and schema are known. */
interface Framed {
  readonly value: Buffer;
  readonly headers: Original['headers'];
  readonly appendedMs: number;
  readonly schemaId: number;
  readonly schema: KnownSchema;
  readonly inspection: BodyInspection | null;
  readonly decoded: Decoded;
}

/**
 * Examines dead letters: what is wrong with each, at which byte or field, and whether it would be refused again.
 *
 * It goes the way that metrics-consumer goes, by the same decoder and the same rules (packages/avro, packages/tenancy), and never rejects for
 * what is in the bytes or for a registry that is away. Work and answer are bounded, whatever the bytes are.
 */
export class Examiner {
  constructor(private readonly schemas: WriterSchemas) {}

  /** `original` is null where the dead letter holds only a part of the record, as `originalBytes` says. */
  async examine(envelope: DeadLetterEnvelope, original: Original | null): Promise<Examination> {
    if (original === null) return this.examineBeginning(envelope);
    const verdict = await this.judge(original, appendedAt(envelope));
    return {
      findings: compareReasons(envelope.dlq_metadata, verdict),
      decoded: verdict.decoded,
      schemaKnown: verdict.schemaKnown,
    };
  }

  private async judge({ value, headers }: Original, appendedMs: number): Promise<Verdict> {
    if (value === null) return TOMBSTONE;
    const schemaId = frameOf(value);
    if (schemaId === null) {
      const { findings, decoded } = await examineUnframed(value, headers, this.schemas);
      return { reason: 'frame', findings, decoded, schemaKnown: null };
    }
    const schema = await this.schemas.find(schemaId);
    if (schema.kind === 'away') return away(schemaId, schema.why);
    if (schema.kind === 'unknown') {
      const findings = await examineUnknownSchema(value, schemaId, this.schemas);
      return { reason: 'unknown_schema', findings, decoded: BYTES, schemaKnown: false };
    }
    const inspection = inspectBody(schema.text, value, FRAME_BYTES);
    const decoded = decodedAvro(schemaId, schema.subject, inspection);
    return this.judgeFramed({ value, headers, appendedMs, schemaId, schema, inspection, decoded });
  }

  private async judgeFramed(framed: Framed): Promise<Verdict> {
    const { value, schema, decoded } = framed;
    const event = schema.read(value);
    if (event instanceof RecordDecodeError) {
      const findings = await examineBody({ ...framed, words: event.message }, this.schemas);
      return { reason: 'decode', findings, decoded, schemaKnown: true };
    }
    const { headers, schemaId } = framed;
    const written = schema.writes(value, 'tenant_id');
    const tenant = tenantOf(event.tenant_id, written, headers);
    const sample = examineSample({ ...framed, event, offsets: framed.inspection?.offsets ?? new Map() });
    if (tenant instanceof ValidationError) {
      const evidence = { bodyTenant: event.tenant_id, written, schemaId, headers, words: tenant.message };
      const findings = [...examineTenant(evidence), ...sample.findings];
      return { reason: 'tenant', findings, decoded, schemaKnown: true };
    }
    return { reason: sample.fault?.[0] ?? null, findings: sample.findings, decoded, schemaKnown: true };
  }

  /** Of a record whose end is missing only how it begins can be said. */
  private async examineBeginning({ dlq_metadata, source }: DeadLetterEnvelope): Promise<Examination> {
    const value = source.raw_value_hex === null ? null : Buffer.from(source.raw_value_hex, 'hex');
    const omitted = finding(
      'bytes_omitted',
      `${counted(source.omitted_bytes ?? 0, 'byte')} of the record are not in its dead letter, which would be too large. It stands whole at ${quoted(source.topic)}[${source.partition}]@${source.offset} for as long as that is kept. metrics-consumer said ${quoted(dlq_metadata.error)}.`,
    );
    if (value === null || value.length < FRAME_BYTES) return { findings: [omitted], decoded: BYTES, schemaKnown: null };
    const schemaId = frameOf(value);
    if (schemaId === null) {
      const { findings, decoded } = await examineUnframed(value, [], this.schemas, false);
      return { findings: [...findings, omitted], decoded, schemaKnown: null };
    }
    const schema = await this.schemas.find(schemaId);
    if (schema.kind === 'known') return { findings: [omitted], decoded: BYTES, schemaKnown: true };
    const { findings, schemaKnown } =
      schema.kind === 'away'
        ? away(schemaId, schema.why)
        : { findings: await examineUnknownSchema(value, schemaId, this.schemas), schemaKnown: false };
    return { findings: [...findings, omitted], decoded: BYTES, schemaKnown };
  }
}

const TOMBSTONE: Verdict = {
  reason: 'null_value',
  findings: [
    finding(
      'tombstone',
      'The record has no value: null, a tombstone. It deletes nothing, since its topic is not compacted.',
    ),
  ],
  decoded: { kind: 'tombstone' },
  schemaKnown: null,
};

/** Epoch milliseconds; for a record that brought no time of its own, when it became a dead letter. */
function appendedAt({ source, dlq_metadata }: DeadLetterEnvelope): number {
  return source.timestamp_ms > 0 ? source.timestamp_ms : Date.parse(dlq_metadata.routed_at_utc);
}

/** The id in a Confluent frame, however unlikely it is; null where there is none. */
function frameOf(value: Buffer): number | null {
  const id = readSchemaId(value);
  if (typeof id === 'number') return id;
  return id.reason === 'frame' ? null : id.schemaId;
}

function away(schemaId: number, why: string): Verdict {
  const words = `Whether the registry has schema ${schemaId} cannot be told at the moment: ${quoted(why)}.`;
  return {
    reason: undefined,
    findings: [finding('registry_away', words)],
    decoded: BYTES,
    schemaKnown: null,
  };
}
