import { FLOAT8, INT8, putInt8, putTimestamp, TIMESTAMPTZ, UUID } from './binary.js';
import type { Row } from './rows.js';

const SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\u0000', 'latin1');
const FIELDS = [UUID, TIMESTAMPTZ, FLOAT8, INT8];
const HEADER_BYTES = SIGNATURE.length + 4 + 4;
const ROW_BYTES = 2 + FIELDS.reduce((sum, field) => sum + 4 + field.bytes, 0);
const TRAILER = -1;

/** Rows as the body of `COPY metrics.samples (series_id, ts, value, version) FROM STDIN (FORMAT binary)`, in one buffer. */
export function copyBody(rows: readonly Row[]): Buffer {
  const body = Buffer.allocUnsafe(HEADER_BYTES + rows.length * ROW_BYTES + 2);
  SIGNATURE.copy(body);
  body.writeInt32BE(0, SIGNATURE.length); // flags
  body.writeInt32BE(0, SIGNATURE.length + 4); // no extension of the header
  let at = HEADER_BYTES;
  for (const { series, timestampMs, chosen } of rows) {
    at = body.writeInt16BE(FIELDS.length, at);
    at = body.writeInt32BE(UUID.bytes, at);
    at += series.id.copy(body, at);
    at = body.writeInt32BE(TIMESTAMPTZ.bytes, at);
    putTimestamp(body, timestampMs, at);
    at = body.writeInt32BE(FLOAT8.bytes, at + TIMESTAMPTZ.bytes);
    at = body.writeDoubleBE(chosen.sample.value, at);
    at = body.writeInt32BE(INT8.bytes, at);
    putInt8(body, chosen.sample.version, at);
    at += INT8.bytes;
  }
  body.writeInt16BE(TRAILER, at);
  return body;
}
