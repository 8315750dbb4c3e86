import { KafkaProducerError } from '@weir/errors';

import type { RecordBlock } from '../../record-block.js';
import type { OutgoingRecord, RecordHeader } from '../../records.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from './native-producer.js';

// Batch head (61 bytes), and the lengths, deltas and attributes of one record at their longest (KIP-98, message format 2).
const RECORD_OVERHEAD = 100;
const HEADER_OVERHEAD = 10;

/**
 * The most bytes that these records take on the wire, before compression.
 *
 * Throws KafkaProducerError `record_invalid` for what librdkafka would take wrongly or the broker would refuse, so that a bad
 * record is known before the first of its request is produced: `produce()` with a null header value throws *and*
 * sends the record, and a header name is cut at its first NUL.
 */
export function wireBytes(records: readonly OutgoingRecord[], maxMessageBytes: number): number {
  let total = 0;
  let lastHeaders: readonly RecordHeader[] | undefined;
  let headerBytes = 0;
  for (let i = 0; i < records.length; i += 1) {
    const record = records[i]!;
    if (record.headers !== lastHeaders) {
      lastHeaders = record.headers;
      headerBytes = lastHeaders === undefined ? 0 : headerWireBytes(lastHeaders, record.topic);
    }
    const bytes = RECORD_OVERHEAD + headerBytes + keyBytes(record.key) + (record.value?.length ?? 0);
    if (bytes > maxMessageBytes)
      throw invalid(`a record takes up to ${bytes} bytes, and ${maxMessageBytes} are allowed`, record.topic);
    if (record.topic === '') throw invalid('the topic has no name', record.topic);
    total += bytes;
  }
  return total;
}

/** As `wireBytes`, of the records of a block. */
export function blockWireBytes({ topic, headers, keys, values }: RecordBlock, maxMessageBytes: number): number {
  if (topic === '') throw invalid('the topic has no name', topic);
  const own = RECORD_OVERHEAD + headerWireBytes(headers, topic);
  const { length } = values.ends;
  if (keys.ends.length !== length) throw invalid(`there are ${keys.ends.length} keys for ${length} values`, topic);
  let total = 0;
  let before = 0;
  for (let at = 0; at < length; at += 1) {
    const end = keys.ends[at]! + values.ends[at]!;
    const bytes = own + end - before;
    if (bytes > maxMessageBytes)
      throw invalid(`a record takes up to ${bytes} bytes, and ${maxMessageBytes} are allowed`, topic);
    total += bytes;
    before = end;
  }
  return total;
}

const keyBytes = (key: OutgoingRecord['key']): number => {
  if (key === null) return 0;
  return typeof key === 'string' ? Buffer.byteLength(key) : key.length;
};

function headerWireBytes(headers: readonly RecordHeader[], topic: string): number {
  let bytes = 0;
  for (const { key, value } of headers) {
    if (value === null) throw invalid(`the header "${key}" has no value (null); an empty one can be sent`, topic);
    if (key.includes('\0')) throw invalid('the name of a header holds a NUL', topic);
    bytes += HEADER_OVERHEAD + Buffer.byteLength(key) + value.length;
  }
  return bytes;
}

const invalid = (what: string, topic: string): KafkaProducerError =>
  new KafkaProducerError(`Nothing was sent: ${what}.`, {
    code: 'record_invalid',
    retryable: false,
    context: { topic },
  });

/** Throws KafkaProducerError `record_invalid` for records that no producer of usual size could ever send, for whoever keeps them for later. */
export function assertSendable(records: readonly OutgoingRecord[]): void {
  wireBytes(records, DEFAULT_MAX_MESSAGE_BYTES);
}
