import { isUtf8 } from 'node:buffer';

import { FRAME_BYTES, inspectBody, readSchemaId } from '@weir/avro';
import type { ConsumedRecord } from '@weir/kafka';

import { BYTES, type Decoded, decodedAvro, decodedJson, decodedText } from '../diagnosis/decoded.js';
import type { WriterSchemas } from '../diagnosis/registry-schemas.js';
import type { Peeked } from './peek.js';

/** A message without what it says. Sizes in bytes; null where there is none. */
export interface MessageView {
  readonly offset: number;
  readonly timestamp: string | null;
  readonly keyBytes: number | null;
  readonly valueBytes: number | null;
  readonly headerNames: readonly string[];
  /** Of the Confluent frame; null without one. */
  readonly schemaId: number | null;
}

/** Bytes as hexadecimal, and as text where they are UTF-8; `cut` where only their beginning is shown. */
interface Bytes {
  readonly hex: string;
  readonly text: string | null;
  readonly cut: boolean;
}

export interface MessageWithPayload extends MessageView {
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly headers: readonly { readonly key: string; readonly value: Bytes | null }[];
  /** What the value says, by the schema that it was written with, or as JSON or text. */
  readonly decoded: Decoded;
}

/** Messages of one partition. */
export interface Messages<Message> {
  readonly topic: string;
  readonly partition: number;
  readonly low: number;
  readonly high: number;
  /** `offset` of the request that goes on; null at the end. */
  readonly nextOffset: number | null;
  /** A transaction that is open holds back what comes next. */
  readonly heldBack: boolean;
  readonly messages: readonly Message[];
}

const MAX_SHOWN_BYTES = 16 * 1024;

export function messageView({ offset, timestampMs, key, value, headers }: ConsumedRecord): MessageView {
  const schemaId = value === null ? null : readSchemaId(value);
  return {
    offset,
    timestamp: timestampMs < 0 ? null : new Date(timestampMs).toISOString(),
    keyBytes: key?.length ?? null,
    valueBytes: value?.length ?? null,
    headerNames: headers.map((header) => header.key),
    schemaId: typeof schemaId === 'number' ? schemaId : null,
  };
}

/** A registry that is away costs what is decoded and nothing else. */
export async function messageWithPayload(record: ConsumedRecord, schemas: WriterSchemas): Promise<MessageWithPayload> {
  return {
    ...messageView(record),
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: bytesOf(value) })),
    decoded: await decodedOf(record.value, schemas),
  };
}

export function messagesOf<Message>(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { low, high, nextOffset, heldBack }: Peeked,
  messages: readonly Message[],
): Messages<Message> {
  return { topic, partition, low, high, nextOffset, heldBack, messages };
}

async function decodedOf(value: Buffer | null, schemas: WriterSchemas): Promise<Decoded> {
  if (value === null) return { kind: 'tombstone' };
  const id = readSchemaId(value);
  if (typeof id === 'number') {
    const schema = await schemas.find(id);
    if (schema.kind === 'known') return decodedAvro(id, schema.subject, inspectBody(schema.text, value, FRAME_BYTES));
  }
  if (!isUtf8(value)) return BYTES;
  const text = value.toString('utf8');
  try {
    return decodedJson(JSON.parse(text));
  } catch {
    return decodedText(text); // it is no JSON
  }
}

function bytesOf(bytes: Buffer | null): Bytes | null {
  if (bytes === null) return null;
  const shown = bytes.subarray(0, MAX_SHOWN_BYTES);
  const cut = shown.length < bytes.length;
  return { hex: shown.toString('hex'), text: !cut && isUtf8(shown) ? shown.toString('utf8') : null, cut };
}
