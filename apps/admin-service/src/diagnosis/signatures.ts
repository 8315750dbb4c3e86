import { type Finding, type FindingCode, finding, hexByte } from './finding.js';

interface Signature {
  readonly code: FindingCode;
  readonly bytes: readonly number[];
  /** After "begins". */
  readonly what: string;
  /** A value shorter than this does not have it. */
  readonly atLeast?: number;
}

const GUID_FRAME_BYTES = 17;

/** By what values begin that are no text, longer ones first where one begins as another. */
const SIGNATURES: readonly Signature[] = [
  { code: 'byte_order_mark', bytes: [0xef, 0xbb, 0xbf], what: 'a text with a UTF-8 byte order mark' },
  { code: 'byte_order_mark', bytes: [0xff, 0xfe], what: 'a text in UTF-16, little-endian' },
  { code: 'byte_order_mark', bytes: [0xfe, 0xff], what: 'a text in UTF-16, big-endian' },
  { code: 'compressed', bytes: [0x1f, 0x8b], what: 'gzip' },
  { code: 'compressed', bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'zstd' },
  { code: 'compressed', bytes: [0x04, 0x22, 0x4d, 0x18], what: 'an lz4 frame' },
  { code: 'compressed', bytes: [0xff, 0x06, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59], what: 'a snappy stream' },
  { code: 'compressed', bytes: [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0], what: 'snappy as Java writes it' },
  { code: 'compressed', bytes: [0x42, 0x5a, 0x68], what: 'bzip2' },
  { code: 'compressed', bytes: [0x78, 0x01], what: 'zlib' },
  { code: 'compressed', bytes: [0x78, 0x9c], what: 'zlib' },
  { code: 'compressed', bytes: [0x78, 0xda], what: 'zlib' },
  { code: 'avro_file', bytes: [0x4f, 0x62, 0x6a, 0x01], what: 'an Avro object container file' },
  { code: 'avro_single_object', bytes: [0xc3, 0x01], what: 'an Avro single-object encoding', atLeast: 10 },
  { code: 'schema_guid', bytes: [0x01], what: 'a Confluent frame with a schema’s GUID', atLeast: GUID_FRAME_BYTES },
  { code: 'other_format', bytes: [0xac, 0xed, 0, 0x05], what: 'a serialized Java object' },
  { code: 'other_format', bytes: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file' },
  { code: 'other_format', bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a ZIP archive' },
];

/** What a value is by its first bytes; null where they are those of nothing known. */
export function recogniseStart(value: Buffer): Finding | null {
  const signature = SIGNATURES.find(
    ({ bytes, atLeast = 0 }) => value.length >= atLeast && bytes.every((byte, at) => value[at] === byte),
  );
  return signature === undefined ? null : finding(signature.code, beginsAs(value, signature), { byte: 0 });
}

function beginsAs(value: Buffer, { code, bytes, what }: Signature): string {
  const shown = bytes.map(hexByte).join(' ');
  const start = bytes.length === 1 ? `First byte is ${shown}` : `First bytes are ${shown}`;
  const tail =
    code === 'schema_guid'
      ? ` Its GUID would be ${guid(value)}.`
      : code === 'byte_order_mark'
        ? followedBy(value, bytes)
        : '';
  return `${start}, which begins ${what}, where a Confluent frame begins with 0x00.${tail}`;
}

const guid = (value: Buffer): string =>
  value.toString('hex', 1, GUID_FRAME_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

function followedBy(value: Buffer, { length }: readonly number[]): string {
  const next = value.subarray(length).find((byte) => byte !== 0);
  return next === 0x7b || next === 0x5b ? ` After it comes ${hexByte(next)}, which begins JSON.` : '';
}
