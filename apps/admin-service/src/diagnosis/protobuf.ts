const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const MAX_FIELDS = 10_000;
/** Higher numbers are legal and hardly ever used: taken for a sign that these bytes are something else. */
const MAX_FIELD_NUMBER = 1_000;

/**
 * How many fields bytes have that read as a Protobuf message from `from` to their end; 0 where they do not.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function protobufFields(bytes: Buffer, from: number): number {
  let at = from;
  let fields = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    if (tag === null || fields === MAX_FIELDS) return 0;
    const number = Math.floor(tag.value / 8);
    if (number < 1 || number > MAX_FIELD_NUMBER) return 0;
    const end = endOfField(bytes, tag.end, tag.value % 8);
    if (end === null || end > bytes.length) return 0;
    at = end;
    fields += 1;
  }
  return fields;
}

function endOfField(bytes: Buffer, at: number, wireType: number): number | null {
  switch (wireType) {
    case VARINT:
      return varint(bytes, at)?.end ?? null;
    case FIXED64:
      return at + 8;
    case FIXED32:
      return at + 4;
    case LENGTH_DELIMITED: {
      const length = varint(bytes, at);
      return length === null ? null : length.end + length.value;
    }
    default:
      return null;
  }
}

function varint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let read = 0; read < 10; read += 1) {
    const byte = bytes[from + read];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * read);
    if (byte < 0x80) return { value, end: from + read + 1 };
  }
  return null;
}
