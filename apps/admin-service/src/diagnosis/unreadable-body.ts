import { type AvroFault, type BodyInspection, FRAME_BYTES, subjects } from '@weir/avro';

import { counted, type Finding, type FindingCode, finding, hexByte, quoted } from './finding.js';
import { ownVersionOf } from './own-metric.js';
import { protobufFields } from './protobuf.js';
import type { SchemaAnswer, WriterSchemas } from './registry-schemas.js';
import { jsonBody } from './text.js';
import { unitOf } from './timestamp.js';

/** A body that metrics-consumer cannot read. */
export interface UnreadableBody {
  readonly value: Buffer;
  readonly schemaId: number;
  readonly schema: Extract<SchemaAnswer, { kind: 'known' }>;
  /** By its writer schema; null where that is none of Avro. */
  readonly inspection: BodyInspection | null;
  /** What the decoder says of it. */
  readonly words: string;
  /** Epoch milliseconds at which the record was appended. */
  readonly appendedMs: number;
}

/** Why a body of a known schema cannot be read: at which field and byte, or what is wrong with its schema. */
export async function examineBody(body: UnreadableBody, schemas: WriterSchemas): Promise<Finding[]> {
  const { value, inspection } = body;
  if (inspection === null) return notAvro(body);
  const foreign = foreignSchema(body, inspection);
  const twice = await frameTwice(value, schemas);
  const fault = inspection.fault === null ? null : faultFinding(inspection.fault, value, body);
  const found = [...twice, ...foreign, ...(fault === null ? [] : [fault])];
  if (found.length === 0) found.push(unreadable(body));
  return [...found, ...otherwise(value, inspection)];
}

function notAvro({ value, schemaId, schema }: UnreadableBody): Finding[] {
  const isProtobuf = /^\s*(?:syntax\s*=|message\s)/m.test(schema.text.slice(0, 2_000));
  const kind = isProtobuf
    ? 'of Protobuf'
    : schema.text.includes('"$schema"')
      ? 'a JSON Schema'
      : 'of another kind, or refers to other schemas';
  const findings = [
    finding(
      'schema_not_avro',
      `Schema ${schemaId} is in the registry and is ${kind}, where metrics are written in Avro.`,
      {
        byte: 1,
      },
    ),
  ];
  const indexed = messageIndexed(value);
  if (isProtobuf && indexed !== null) findings.push(indexed);
  return [...findings, ...jsonBody(value, FRAME_BYTES)];
}

/** Confluent's Protobuf serializer puts the message's index between frame and message: a byte 0 for the first one. */
function messageIndexed(value: Buffer): Finding | null {
  const fields = value[FRAME_BYTES] === 0 ? protobufFields(value, FRAME_BYTES + 1) : 0;
  if (fields === 0) return null;
  const words = `After the frame come 0x00, as a Protobuf message’s index is written, and what reads as a message with ${counted(fields, 'field')}.`;
  return finding('protobuf', words, { byte: FRAME_BYTES });
}

function foreignSchema({ schemaId, schema: { subject } }: UnreadableBody, { schemaName }: BodyInspection): Finding[] {
  if (subject === null || subject === subjects.metricsRaw.subject) return [];
  const words = `Schema ${schemaId} is ${quoted(schemaName)} of the subject ${subject}, where ${subjects.metricsRaw.subject} is expected: a record of another topic.`;
  return [finding('schema_of_another_subject', words, { byte: 1 })];
}

async function frameTwice(value: Buffer, schemas: WriterSchemas): Promise<Finding[]> {
  if (value.length <= 2 * FRAME_BYTES || value[FRAME_BYTES] !== 0) return [];
  const inner = value.readUInt32BE(FRAME_BYTES + 1);
  if (inner === 0 || (await schemas.find(inner)).kind !== 'known') return [];
  if (ownVersionOf(value, 2 * FRAME_BYTES) === null) return [];
  const words = `At byte 5 a second Confluent frame begins, of schema ${inner}, and a metric follows it: the value was serialized twice.`;
  return [finding('frame_twice', words, { byte: FRAME_BYTES })];
}

function unreadable({ schemaId, schema, inspection, words }: UnreadableBody): Finding {
  if (inspection?.fault === null && schema.subject === null)
    return finding(
      'schema_unreadable',
      `The body is what schema ${schemaId} describes, ${quoted(inspection.schemaName)}, and that cannot be read as a MetricEvent: ${quoted(words)}`,
      { byte: 1 },
    );
  return finding('body_unreadable', `The decoder says ${quoted(words)}.`, { byte: FRAME_BYTES });
}

const CODES: Readonly<Record<AvroFault['problem'], FindingCode>> = {
  ends_early: 'body_ends_early',
  left_over: 'body_left_over',
  length_negative: 'length_invalid',
  length_past_end: 'length_invalid',
  count_past_end: 'length_invalid',
  union_branch: 'branch_invalid',
  enum_symbol: 'branch_invalid',
  number_too_long: 'number_too_long',
  long_inexact: 'long_inexact',
  not_utf8: 'text_not_utf8',
  item_without_bytes: 'body_unreadable',
  too_deep: 'body_unreadable',
  too_much: 'body_unreadable',
};

function faultFinding(fault: AvroFault, value: Buffer, { schemaId, appendedMs }: UnreadableBody): Finding {
  const { problem, field, byte, claimed = '', available = 0 } = fault;
  const inSeconds = problem === 'long_inexact' ? unitOf(Number(claimed), appendedMs) : null;
  if (inSeconds !== null && field === 'timestamp') return finding(inSeconds.code, inSeconds.words, { byte, field });
  const words = WORDS[problem]({ ...fault, claimed, available }, value, schemaId);
  const what = field === '' ? 'The body' : `Field ${quoted(field)}`;
  return finding(CODES[problem], `${what} ${words}`, { byte, field });
}

type FaultWords = (fault: Required<AvroFault>, value: Buffer, schemaId: number) => string;

/** What follows after "Field name". */
const WORDS: Readonly<Record<AvroFault['problem'], FaultWords>> = {
  ends_early: ({ type, byte, claimed, available }, { length }, id) =>
    available === 0
      ? `ends too early: schema ${id} has a ${type} at byte ${byte}, where the value of ${counted(length, 'byte')} ends.`
      : `ends too early: the ${type} at byte ${byte} takes ${claimed} bytes, with ${counted(available, 'byte')} left.`,
  left_over: ({ byte, available }, _, id) =>
    `ends at byte ${byte} by schema ${id}, with ${counted(available, 'byte')} left over: another version of the schema, or another schema, wrote it.`,
  length_negative: ({ byte, claimed }) => `has the length ${claimed} at byte ${byte}, and none is negative.`,
  length_past_end: ({ byte, claimed, available }) =>
    `is to have ${claimed} bytes by the length at byte ${byte}, with ${counted(available, 'byte')} left.`,
  count_past_end: ({ byte, claimed, available }) =>
    `is to have ${claimed} items by the count at byte ${byte}, with ${counted(available, 'byte')} left.`,
  union_branch: ({ byte, claimed, available }) =>
    `names branch ${claimed} at byte ${byte} of a union of ${available}, which are counted from 0.`,
  enum_symbol: ({ byte, claimed, available }) =>
    `names symbol ${claimed} at byte ${byte} of an enum of ${available}, which are counted from 0.`,
  number_too_long: ({ byte }) => `has an integer at byte ${byte} that goes on past its tenth byte.`,
  long_inexact: ({ byte, claimed }) =>
    `has the integer ${claimed} at byte ${byte}: from 2^52 on a double does not hold integers exactly.`,
  not_utf8: ({ byte }, value) => `is not UTF-8 from byte ${byte} on, which is ${hexByte(value[byte] ?? 0)}.`,
  item_without_bytes: ({ byte }) =>
    `is an array whose items take no bytes, at byte ${byte}: any number of them would fit into nothing.`,
  too_deep: ({ byte }) => `is nested too deep at byte ${byte}.`,
  too_much: ({ byte }) => `unfolds to more values than are examined here, which end at byte ${byte}.`,
};

/** The bytes read whole as another version than the frame names. */
function otherwise(value: Buffer, { fault }: BodyInspection): Finding[] {
  const version = fault === null ? null : ownVersionOf(value, FRAME_BYTES);
  if (version === null) return [];
  const words = `The same bytes read whole as a MetricEvent ${version}: the writer put the id of another schema in front.`;
  return [finding('other_registry', words, { byte: 1 })];
}
