import type { OutgoingRecord, RecordHeader } from './records.js';

/** Pieces one after the other: piece `n` reaches from the end of the one before to `ends[n]`. What lies behind the last is none of them. */
export interface PackedBytes {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

/**
 * Records to be sent to one topic, with the same headers, to the partitions that their keys decide. As many keys as values, and none is null.
 *
 * It is two pieces of memory however many they are, where an object and two buffers for each cost more than all else that is done with them.
 */
export interface RecordBlock {
  readonly topic: string;
  readonly headers: readonly RecordHeader[];
  readonly keys: PackedBytes;
  readonly values: PackedBytes;
}

/** Array.isArray takes a read-only array for none. */
export function isRecordBlock(sent: readonly OutgoingRecord[] | RecordBlock): sent is RecordBlock {
  return 'topic' in sent;
}

/** Each of its records, as views. */
export function recordsOf({ topic, headers, keys, values }: RecordBlock): OutgoingRecord[] {
  return Array.from(values.ends, (_, at) => ({ topic, headers, key: pieceOf(keys, at), value: pieceOf(values, at) }));
}

/** What is left of it without the records at these positions. */
export function withoutRecords(block: RecordBlock, positions: Iterable<number>): RecordBlock {
  const isGone = new Set(positions);
  return { ...block, keys: without(block.keys, isGone), values: without(block.values, isGone) };
}

function without(packed: PackedBytes, isGone: ReadonlySet<number>): PackedBytes {
  const left = [...packed.ends.keys()].filter((at) => !isGone.has(at)).map((at) => pieceOf(packed, at));
  let end = 0;
  return { bytes: Buffer.concat(left), ends: Uint32Array.from(left, ({ length }) => (end += length)) };
}

function pieceOf({ bytes, ends }: PackedBytes, at: number): Buffer {
  return bytes.subarray(at === 0 ? 0 : ends[at - 1], ends[at]);
}
