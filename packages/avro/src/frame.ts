import { RecordDecodeError } from '@weir/errors';

/**
 * The Confluent wire format: a zero byte, the schema's id as a big-endian 32-bit integer, then the Avro body.
 *
 * @see https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
export const FRAME_BYTES = 5;
const MAGIC = 0;
/** Registries count ids in a signed 32-bit integer, so what lies above it was never given out. */
const MAX_SCHEMA_ID = 0x7f_ff_ff_ff;

/** Writes the frame's five bytes at `at`; the caller has made room. */
export function writeFrame(buffer: Buffer, at: number, schemaId: number): void {
  buffer[at] = MAGIC;
  buffer.writeUInt32BE(schemaId, at + 1);
}

/** The schema id of a record's value; null where there is no frame that names one. */
export function schemaIdIn(value: Buffer | null): number | null {
  if (value === null || value.length < FRAME_BYTES || value[0] !== MAGIC) return null;
  const id = value.readUInt32BE(1);
  return id > MAX_SCHEMA_ID ? null : id;
}

/** The schema id of a record's value, or what is wrong with its frame. */
export function readSchemaId(value: Buffer | null): number | RecordDecodeError {
  const known = schemaIdIn(value);
  if (known !== null) return known;
  if (value === null) return new RecordDecodeError('frame', 'The record has no value.');
  if (value.length < FRAME_BYTES)
    return new RecordDecodeError('frame', `The value has ${value.length} bytes, fewer than a Confluent frame.`);
  if (value[0] !== MAGIC)
    return new RecordDecodeError('frame', `The value starts with byte ${value[0]} and not with the magic byte 0.`);
  return new RecordDecodeError('unknown_schema', 'No registry gives out ids this high.', value.readUInt32BE(1));
}
