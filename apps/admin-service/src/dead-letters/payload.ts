import { isUtf8 } from 'node:buffer';

import type { Examination } from '../diagnosis/diagnose.js';
import type { WholeLetter } from './letter-source.js';

/** Bytes: null where there are none, which is not the same as none of them. `text` where they are UTF-8. */
interface Bytes {
  readonly hex: string;
  readonly text: string | null;
}

/** What a dead letter holds, byte for byte. */
export interface Payload {
  readonly id: string;
  /** The envelope as it stands in the DLQ; null where the record is none. */
  readonly envelope: object | null;
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly headers: readonly { readonly key: string; readonly value: Bytes | null }[];
  /** The value as its schema reads it, and what is wrong with it; null for a record of the DLQ that is no envelope. */
  readonly examination: Examination | null;
}

export function payloadOf(
  id: string,
  { record, envelope, original }: WholeLetter,
  examination: Examination | null,
): Payload {
  const { key, value, headers } = original ?? record;
  return {
    id,
    envelope,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map((header) => ({ key: header.key, value: bytesOf(header.value) })),
    examination,
  };
}

const bytesOf = (bytes: Buffer | null): Bytes | null =>
  bytes === null ? null : { hex: bytes.toString('hex'), text: isUtf8(bytes) ? bytes.toString('utf8') : null };
