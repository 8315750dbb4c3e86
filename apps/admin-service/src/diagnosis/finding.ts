import { toUSVString } from 'node:util';

/** Something that is wrong with a dead letter, or worth knowing before it is replayed. */
export interface Finding {
  /** Stable; what it means stands in `FINDINGS` and in docs/reference/dead-letters.md. */
  readonly code: FindingCode;
  /** One or two sentences of at most 300 characters, with the evidence. Holds names and numbers of the record, never a label's value or a header's. */
  readonly detail: string;
  /** Offset in the value, where it is one byte's fault. */
  readonly byte?: number;
  /** `labels.region`, where it is one field's. */
  readonly field?: string;
}

/** Every code, with what it means. docs/reference/dead-letters.md is held to it. */
export const FINDINGS = {
  tombstone: 'The record has no value (null). It deletes nothing: `metrics.raw` is not compacted.',
  value_empty: 'The value is there and has no bytes.',
  frame_cut_short: 'The value begins as a Confluent frame, and ends before the five bytes of one.',
  json: 'The value, or its body after the frame, is JSON: a producer with a JSON serializer.',
  metric_as_json: 'The JSON is a metric as ingest-api takes it. Whoever wrote it should post it there.',
  dead_letter_as_value: 'The JSON is a dead letter of Weir, put back as it stands. What failed is inside of it.',
  connect_json: 'The JSON has `schema` and `payload`, as Kafka Connect’s JsonConverter writes.',
  xml: 'The value is XML or HTML.',
  text: 'The value is plain text: a producer with a string serializer.',
  encoded_frame:
    'The value is a Confluent frame written as text, in hexadecimal or base64: something on the way encoded it.',
  byte_order_mark: 'The value begins with the byte order mark of a text.',
  compressed:
    'The value itself is compressed: gzip, zstd, snappy, lz4, zlib or bzip2. Kafka’s own compression leaves no trace here.',
  avro_file: 'The value is an Avro object container file, which has its schema with it.',
  avro_single_object: 'The value is an Avro single-object encoding: a fingerprint in place of the registry’s id.',
  schema_guid: 'The value begins as Confluent’s newer frame: byte 1 and a GUID of 16 bytes in place of the id.',
  schema_in_header:
    'A header names the schema, as Confluent’s serializers do where they are told so. Weir reads it in front of the value alone.',
  protobuf: 'The value, or its body, reads as a Protobuf message.',
  other_format: 'The value begins as some other format: a Java object, a Parquet file, a ZIP archive.',
  wrong_magic_byte: 'But for its first byte the value is a frame of a known schema.',
  frame_missing: 'The value is a MetricEvent in Avro without the five bytes in front.',
  frame_twice: 'The body begins with a frame of its own: the value was serialized twice.',
  not_confluent_frame: 'The value begins with another byte than a Confluent frame, and as nothing else that is known.',
  schema_id_zero: 'The frame names schema 0, which no registry gives out.',
  apicurio_frame:
    'The frame’s id takes eight bytes, as Apicurio’s own serializers write it unless told to be as Confluent’s.',
  schema_id_swapped: 'The frame’s id has its bytes in the opposite order: little-endian.',
  schema_unknown: 'The registry has no schema of the frame’s id.',
  other_registry:
    'The registry does not have the id, but the body is a MetricEvent: probably written with another registry.',
  registry_away: 'The registry cannot be asked at the moment, so what depends on the schema is not examined.',
  schema_not_avro: 'The registry has the schema, and it is none of Avro.',
  schema_of_another_subject: 'The schema is one of another topic’s.',
  schema_unreadable: 'The schema cannot be read as a MetricEvent.',
  body_ends_early: 'The body ends before its schema does.',
  body_left_over: 'Bytes are left over after what the schema describes.',
  length_invalid: 'A length or count in the body is negative, or larger than what is left.',
  branch_invalid: 'The body names a branch of a union, or a symbol of an enum, that the schema has not.',
  number_too_long: 'An integer in the body goes on past ten bytes, so these are no bytes of Avro.',
  long_inexact: 'An integer is 2^52 or more, which a double does not hold exactly.',
  text_not_utf8: 'A text in the body is not UTF-8.',
  body_unreadable: 'The body cannot be read for another reason: too deep, too many values, items without bytes.',
  tenant_missing: 'Neither the body nor the header `tenant-id` names a tenant.',
  tenant_header_misnamed: 'A header that is nearly called `tenant-id` is there. Names of headers are case-sensitive.',
  tenant_contradicts: 'The header names another tenant than the body.',
  tenant_twice: 'The header `tenant-id` is there more than once.',
  tenant_not_utf8: 'The header `tenant-id` is not UTF-8.',
  tenant_unstorable: 'The tenant’s name is too long or contains a NUL.',
  name_empty: 'The metric has no name.',
  name_illegal: 'A character in the metric’s name breaks Prometheus’ rule.',
  name_too_long: 'The metric’s name is longer than what the store holds.',
  value_not_finite: 'The value is NaN or infinite.',
  timestamp_in_seconds: 'The timestamp counts seconds where milliseconds are expected.',
  timestamp_in_microseconds: 'The timestamp counts microseconds where milliseconds are expected.',
  timestamp_in_nanoseconds: 'The timestamp counts nanoseconds where milliseconds are expected.',
  timestamp_zero: 'The timestamp is 0, as where nobody set it.',
  timestamp_outside_store: 'The timestamp lies before 1970 or after 2262, which the store does not hold.',
  timestamp_outside_window:
    'The timestamp lies outside of what ingest-api takes by default. metrics-consumer does not refuse it for that.',
  label_name_illegal: 'A character in a label’s name breaks Prometheus’ rule.',
  label_value_illegal: 'A label’s value, or the environment, contains a NUL.',
  labels_too_many: 'There are more labels than the store holds.',
  labels_too_long: 'The labels together, or the environment, are longer than what the store holds.',
  label_reserved: 'A label’s name begins with two underscores. ingest-api refuses that; metrics-consumer does not.',
  database_check: 'A check constraint of the database refuses the row.',
  database_not_null: 'The row lacks what the database demands.',
  database_text: 'The database cannot hold a text of the row.',
  database_out_of_range: 'A number or time of the row is out of the range of its column.',
  database_refused: 'The database refused the row, in words that are not known here.',
  bytes_omitted:
    'The record was too large for its dead letter, which has its beginning alone. It cannot be replayed from here.',
  passes_now: 'By today’s schemas and rules nothing is wrong with the record: a replay would probably succeed.',
  another_reason_now: 'The record would be refused again, under another reason than the dead letter has.',
  nothing_found: 'Nothing was found that explains what metrics-consumer said.',
} as const satisfies Readonly<Record<string, string>>;

export type FindingCode = keyof typeof FINDINGS;

const MAX_DETAIL = 300;
/** Longest piece of a record that is quoted: 80 characters with its quotes and an ellipsis. */
const MAX_QUOTED = 77;

export function finding(
  code: FindingCode,
  detail: string,
  where: { readonly byte?: number | undefined; readonly field?: string | undefined } = {},
): Finding {
  return {
    code,
    detail: detail.length <= MAX_DETAIL ? detail : `${toUSVString(detail.slice(0, MAX_DETAIL - 1))}…`,
    ...(where.byte !== undefined && { byte: where.byte }),
    ...(where.field !== undefined && where.field !== '' && { field: escaped(where.field) }),
  };
}

/** A text of the record in quotes: cut, and with everything escaped that cannot be seen or turns the line around. */
export function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  let result = '';
  for (const character of text.slice(0, MAX_QUOTED)) {
    const shown = UNSEEN.test(character) ? `\\u{${character.codePointAt(0)?.toString(16)}}` : character;
    if (result.length + shown.length > MAX_QUOTED) return `${result}…`;
    result += shown;
  }
  return text.length > MAX_QUOTED ? `${result}…` : result;
}

/** Control and format characters, halves of surrogate pairs, separators of lines: what hides, forges or breaks a line. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** `0x7b` */
export const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;

/** `1 byte`, `5 bytes` */
export const counted = (count: number | bigint, noun: string): string =>
  `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;
