import type { Message, MessageHeader } from '@confluentinc/kafka-javascript';

import type { ConsumedRecord, RecordHeader } from '../records.js';

const NO_HEADERS: readonly RecordHeader[] = [];

/**
 * What librdkafka's binding read, in Weir's terms.
 *
 * Bytes are kept as they are. Three things the binding itself takes away: a null header value reads as empty, a header name
 * ends at its first NUL, and bytes of a header name that are not UTF-8 read as U+FFFD.
 */
export function toConsumedRecord(message: Message): ConsumedRecord {
  const { key, headers } = message;
  return {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    timestampMs: message.timestamp ?? -1,
    key: typeof key === 'string' ? Buffer.from(key) : (key ?? null),
    value: message.value,
    headers: headers === undefined ? NO_HEADERS : headers.map(toRecordHeader),
  };
}

function toRecordHeader(header: MessageHeader): RecordHeader {
  for (const key in header) {
    if (!Object.hasOwn(header, key)) break;
    const value = header[key];
    return { key, value: typeof value === 'string' ? Buffer.from(value) : (value ?? null) };
  }
  // The binding sets each header as a property, so that one called `__proto__` became the object's prototype.
  const value: unknown = Object.getPrototypeOf(header);
  return { key: '__proto__', value: Buffer.isBuffer(value) ? value : null };
}
