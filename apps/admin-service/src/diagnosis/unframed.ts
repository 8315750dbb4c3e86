import { FRAME_BYTES } from '@weir/avro';
import { RecordDecodeError } from '@weir/errors';
import type { RecordHeader } from '@weir/kafka';

import { BYTES, type Decoded } from './decoded.js';
import { counted, type Finding, finding, hexByte } from './finding.js';
import { ownVersionOf } from './own-metric.js';
import { protobufFields } from './protobuf.js';
import type { WriterSchemas } from './registry-schemas.js';
import { recogniseStart } from './signatures.js';
import { readText } from './text.js';

/** What is wrong with a value that has no Confluent frame, and what it is instead. */
export interface Unframed {
  readonly findings: readonly Finding[];
  readonly decoded: Decoded;
}

/** Confluent's serializers put the schema there where they are told to leave the value alone. */
const SCHEMA_HEADERS = new Set(['__value_schema_id', '__key_schema_id']);
/** Highest id that is worth asking the registry for. */
const MAX_SCHEMA_ID = 0x7f_ff_ff_ff;

/** `whole` is false where the dead letter has only the value's beginning. */
export async function examineUnframed(
  value: Buffer,
  headers: readonly RecordHeader[],
  schemas: WriterSchemas,
  whole = true,
): Promise<Unframed> {
  const text = readText(value, whole);
  const findings = text?.findings ?? [await recogniseBytes(value, schemas, whole)];
  const start = recogniseStart(value);
  return {
    findings: [
      // A byte order mark explains more than the text after it.
      ...(start?.code === 'byte_order_mark' && text !== null ? [start] : []),
      ...findings,
      ...schemaInHeader(headers),
    ],
    decoded: text?.decoded ?? BYTES,
  };
}

async function recogniseBytes(value: Buffer, schemas: WriterSchemas, whole: boolean): Promise<Finding> {
  if (value.length === 0)
    return finding('value_empty', 'The value has 0 bytes, where a Confluent frame takes 5. It is empty, and not null.');
  const [first = 0] = value;
  if (first === 0 && value.length < FRAME_BYTES)
    return finding(
      'frame_cut_short',
      `The value has ${value.length} of the 5 bytes of a Confluent frame, and nothing after them.`,
      { byte: value.length },
    );
  const start = recogniseStart(value);
  // A frame of version 1 begins with a byte that begins much else too, so it comes last.
  if (start !== null && start.code !== 'schema_guid') return start;
  const own = whole ? ownVersionOf(value, 0) : null;
  if (own !== null)
    return finding(
      'frame_missing',
      `The value reads from its first byte as a MetricEvent ${own} in Avro: what is missing are the 5 bytes in front, 0x00 and the schema’s id.`,
      { byte: 0 },
    );
  const wrongMagic = whole ? await otherMagic(value, schemas) : null;
  if (wrongMagic !== null) return wrongMagic;
  if (start !== null) return start;
  const fields = whole ? protobufFields(value, 0) : 0;
  if (fields > 0)
    return finding(
      'protobuf',
      `The value reads as a Protobuf message with ${counted(fields, 'field')}; metrics are written in Avro, in a Confluent frame.`,
      { byte: 0 },
    );
  return finding(
    'not_confluent_frame',
    `First byte is ${hexByte(first)}, where a Confluent frame begins with 0x00; ${counted(value.length, 'byte')} in all, which begin as nothing that is known here.`,
    { byte: 0 },
  );
}

/** The rest is a frame of a schema that is known, and its body can be read. */
async function otherMagic(value: Buffer, schemas: WriterSchemas): Promise<Finding | null> {
  if (value.length <= FRAME_BYTES) return null;
  const id = value.readUInt32BE(1);
  if (id === 0 || id > MAX_SCHEMA_ID) return null;
  const schema = await schemas.find(id);
  if (schema.kind !== 'known') return null;
  const mended = Buffer.concat([Buffer.alloc(1), value.subarray(1)]);
  if (schema.read(mended) instanceof RecordDecodeError) return null;
  return finding(
    'wrong_magic_byte',
    `First byte is ${hexByte(value[0] ?? 0)} where a Confluent frame begins with 0x00; all that follows reads as a frame of schema ${id}.`,
    { byte: 0 },
  );
}

function schemaInHeader(headers: readonly RecordHeader[]): Finding[] {
  const header = headers.find(({ key }) => SCHEMA_HEADERS.has(key));
  if (header === undefined) return [];
  const words = `The header ${header.key} names the schema in ${counted(header.value?.length ?? 0, 'byte')}; Weir reads it in front of the value alone. Configure the serializer to put it there.`;
  return [finding('schema_in_header', words)];
}
