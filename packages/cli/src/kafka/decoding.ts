import { isUtf8 } from 'node:buffer';

import { FRAME_BYTES, inspectBody, readSchemaId } from '@weir/avro';
import type { ConsumedRecord } from '@weir/kafka';

import type { Decoded, Message } from '../api/answers.js';

/** The text of a schema; null where it is not to be had. */
export type FindSchema = (id: number) => Promise<string | null>;

/** A record as admin-service would show it. */
export async function messageOfRecord(
  record: ConsumedRecord,
  payload: boolean,
  find: FindSchema | null,
): Promise<Message> {
  const { offset, timestampMs, key, value, headers } = record;
  const schemaId = value === null ? null : readSchemaId(value);
  const message = {
    offset,
    timestamp: timestampMs < 0 ? null : new Date(timestampMs).toISOString(),
    keyBytes: key?.length ?? null,
    valueBytes: value?.length ?? null,
    headerNames: headers.map((header) => header.key),
    schemaId: typeof schemaId === 'number' ? schemaId : null,
  };
  if (!payload) return message;
  return {
    ...message,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map((header) => ({ key: header.key, value: bytesOf(header.value) })),
    decoded: await decoded(value, find),
  };
}

async function decoded(value: Buffer | null, find: FindSchema | null): Promise<Decoded> {
  if (value === null) return { kind: 'tombstone' };
  const schemaId = readSchemaId(value);
  const schema = typeof schemaId === 'number' ? ((await find?.(schemaId)) ?? null) : null;
  if (schema !== null && typeof schemaId === 'number') {
    const body = inspectBody(schema, value, FRAME_BYTES);
    if (body !== null) return { kind: 'avro', schemaId, subject: null, value: body.value, partial: body.partial };
  }
  if (!isUtf8(value)) return { kind: 'bytes' };
  const text = value.toString('utf8');
  try {
    return { kind: 'json', value: JSON.parse(text), partial: false };
  } catch {
    return { kind: 'text', text, partial: false }; // it is no JSON
  }
}

function bytesOf(bytes: Buffer | null): { readonly hex: string; readonly text: string | null } | null {
  return bytes === null ? null : { hex: bytes.toString('hex'), text: isUtf8(bytes) ? bytes.toString('utf8') : null };
}
