/* oxlint-disable no-underscore-dangle, typescript/no-unsafe-type-assertion -- avsc types call one another by such names, untyped. */
import avsc, { type Schema, type Type } from 'avsc';

import { readUtf8 } from './utf8-text.js';

/**
 * avsc's cursor over the bytes of one value (lib/utils.js). Past the end of the buffer it reads zeros, and only after the
 * whole value does avsc look whether it went too far: a hostile count would keep it busy until then.
 */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  writeString(text: string): void;
  writeLong(value: number): void;
}

/** The part of a type that avsc's own types call on one another. */
interface ValueCodec {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
  _write(tap: Tap, value: unknown): void;
}

interface WellFormedText {
  /** ES2024, in Node since 20. */
  isWellFormed(): boolean;
}

/** A string that UTF-8 cannot write. Its message, unlike those of avsc, never holds the value. */
export class IllFormedTextError extends Error {}

/** A length that lies within the bytes left. */
function readLength(tap: Tap): number {
  const length = tap.readLong();
  if (!(length >= 0 && length <= tap.buf.length - tap.pos)) throw new Error('a length reaches past the end');
  return length;
}

/**
 * The number of items in the next block, 0 at the end. Of a negative count, which announces the block's size in bytes
 * (Avro 1.12, "Arrays"), the size is read and not believed.
 */
function readBlockCount(tap: Tap): number {
  const count = tap.readLong();
  if (count < 0) readLength(tap);
  const items = Math.abs(count);
  // Each item takes a byte at least (see ArrayType), so this also bounds what is allocated by what was received.
  if (!(items <= tap.buf.length - tap.pos)) throw new Error('a block has more items than bytes');
  return items;
}

function readText(tap: Tap): string {
  const length = readLength(tap);
  const start = tap.pos;
  tap.pos += length;
  return readUtf8(tap.buf, start, tap.pos);
}

/** Below it the length's varint is a single byte. */
const SHORT_TEXT = 64;
const LAST_ASCII = 0x7f;

function writeText(tap: Tap, text: unknown): void {
  if (typeof text !== 'string') throw new Error('not a string');
  if (writeShort(tap, text)) return;
  // avsc would write a lone surrogate as three bytes that are no UTF-8, and no strict reader would take the record.
  if (!(text as unknown as WellFormedText).isWellFormed())
    throw new IllFormedTextError('a string has a lone surrogate');
  tap.writeString(text);
}

/** Whether it was short and of ASCII alone, as most are, and so is written: in one pass over it, where avsc takes three. */
function writeShort(tap: Tap, text: string): boolean {
  const { buf, pos } = tap;
  const { length } = text;
  if (length >= SHORT_TEXT || pos + 1 + length > buf.length) return false;
  buf[pos] = 2 * length; // zigzag
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > LAST_ASCII) return false;
    buf[pos + 1 + at] = unit;
  }
  tap.pos = pos + 1 + length;
  return true;
}

function skipLength(tap: Tap): void {
  const length = readLength(tap);
  tap.pos += length;
}

/**
 * avsc computes with twice the number, so that beyond 2^52 (the year 144,683 in milliseconds) it gives another number, and
 * even another sign, up to 2^53 where it begins to refuse.
 */
function isExact(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 52;
}

class StrictLong extends avsc.types.LongType {
  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: Type) => void): boolean {
    const fits = isExact(value);
    if (!fits) hook?.(value, this);
    return fits;
  }

  _read(tap: Tap): number {
    const value = tap.readLong();
    if (!isExact(value)) throw new Error('a long is beyond 2^52');
    return value;
  }

  _write(tap: Tap, value: unknown): void {
    if (!isExact(value)) throw new Error('not a long below 2^52');
    tap.writeLong(value);
  }
}

class StrictString extends avsc.types.StringType {
  _read(tap: Tap): string {
    return readText(tap);
  }

  _skip(tap: Tap): void {
    skipLength(tap);
  }

  _write(tap: Tap, value: unknown): void {
    writeText(tap, value);
  }
}

class StrictBytes extends avsc.types.BytesType {
  _read(tap: Tap): Buffer {
    const length = readLength(tap);
    const start = tap.pos;
    tap.pos += length;
    return Buffer.from(tap.buf.subarray(start, tap.pos));
  }

  _skip(tap: Tap): void {
    skipLength(tap);
  }
}

class StrictMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as ValueCodec;
    const map: Record<string, unknown> = {};
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) {
        const key = readText(tap);
        const value = values._read(tap);
        // Assigning to __proto__ would lose the entry, or change the prototype where values are objects.
        if (key === '__proto__')
          Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
        else map[key] = value;
      }
    }
    return map;
  }

  _skip(tap: Tap): void {
    const values = this.valuesType as ValueCodec;
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) {
        skipLength(tap);
        values._skip(tap);
      }
    }
  }

  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a map');
    const values = this.valuesType as ValueCodec;
    const map = value as Record<string, unknown>;
    const keys = Object.keys(map);
    if (keys.length > 0) {
      tap.writeLong(keys.length);
      for (const key of keys) {
        writeText(tap, key);
        values._write(tap, map[key]);
      }
    }
    tap.writeLong(0);
  }
}

/** Items that take no bytes (null, an empty record) are refused: a few bytes could ask for any number of them. */
class StrictArray extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as ValueCodec;
    const array: unknown[] = [];
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap))
      for (; count > 0; count -= 1) array.push(advancing(tap, () => items._read(tap)));
    return array;
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as ValueCodec;
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap))
      for (; count > 0; count -= 1) advancing(tap, () => items._skip(tap));
  }
}

function advancing<T>(tap: Tap, step: () => T): T {
  const before = tap.pos;
  const result = step();
  if (!(tap.pos > before && tap.pos <= tap.buf.length)) throw new Error('an item has no bytes');
  return result;
}

const STRING = new StrictString();
const LONG = new StrictLong();
const BYTES = new StrictBytes();

function strictType(schema: Schema, options: unknown): Type | undefined {
  const kind = typeof schema === 'object' && !Array.isArray(schema) ? (schema as { type: unknown }).type : schema;
  switch (kind) {
    case 'string':
      return STRING;
    case 'long':
      return LONG;
    case 'bytes':
      return BYTES;
    case 'map':
      return new StrictMap(schema, options);
    case 'array':
      return new StrictArray(schema, options);
    default:
      return undefined;
  }
}

/**
 * avsc's type of a schema, with longs, strings, bytes, maps and arrays that trust no byte.
 *
 * Against avsc's own they bound time and memory by the size of the value, take no string that is not UTF-8 (nor write
 * one), and keep a map's key `__proto__` as an own property; longs are exact or refused. Throws an Error where the text is no Avro schema.
 */
export function parseSchema(schemaJson: string): Type {
  return avsc.Type.forSchema(JSON.parse(schemaJson) as Schema, {
    typeHook: strictType,
    omitRecordMethods: true,
  });
}
