import { createInterface } from 'node:readline';

/** One line of the input: a metric as its JSON text, and where it stood (from 1). */
export interface Line {
  readonly number: number;
  readonly text: string;
}

export interface Batch {
  readonly lines: readonly Line[];
  /** Lines that are no JSON at all: told, and not sent. */
  readonly unreadable: readonly Line[];
}

const MAX_BYTES = 4_000_000; // ingest-api takes 5 MB unless an operator set less
const BYTE_ORDER_MARK = '\ufeff';

/** NDJSON, in batches of so many lines or of 4 MB. Blank lines count for nothing but the numbers of the others. */
export async function* batchesOf(
  input: NodeJS.ReadableStream,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Batch> {
  let lines: Line[] = [];
  let unreadable: Line[] = [];
  let bytes = 0;
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity, ...(signal !== undefined && { signal }) })) {
    number += 1;
    const text = (number === 1 && line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line).trim();
    if (text === '') continue;
    const length = Buffer.byteLength(text) + 1;
    if (lines.length > 0 && bytes + length > MAX_BYTES) {
      yield { lines, unreadable };
      [lines, unreadable, bytes] = [[], [], 0];
    }
    if (isJson(text)) {
      lines.push({ number, text });
      bytes += length;
    } else unreadable.push({ number, text });
    if (lines.length + unreadable.length >= size) {
      yield { lines, unreadable };
      [lines, unreadable, bytes] = [[], [], 0];
    }
  }
  signal?.throwIfAborted(); // an input that was closed for that has not ended
  if (lines.length + unreadable.length > 0) yield { lines, unreadable };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
