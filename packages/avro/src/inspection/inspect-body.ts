import avsc, { type Type } from 'avsc';

import { parseSchema } from '../strict-types.js';
import { CUT, jsonNumber, ShowingBudget } from './budget.js';
import { ByteCursor } from './byte-cursor.js';
import { type AvroFault, BodyFault } from './fault.js';

/** What is in a body by its writer schema alone. */
export interface BodyInspection {
  /** The schema's own name: `com.acme.Order`, or the type's where it has none. */
  readonly schemaName: string;
  /**
   * As JSON can hold it: bytes as hex; longs as numbers below 2^52, else as text; NaN, the infinities and -0 as text. Up to the fault where
   * there is one.
   */
  readonly value: unknown;
  /** Whether parts of the value are left out, since it is too large to show or ends in a fault. */
  readonly partial: boolean;
  readonly fault: AvroFault | null;
  /** Where what a field holds begins (after the length of a text), by names joined by dots; for the first thousands. */
  readonly offsets: ReadonlyMap<string, number>;
}

const MAX_STEPS = 100_000;
const MAX_DEPTH = 64;
const MAX_OFFSETS = 5_000;
/** Of a map's key, within the name of a field. */
const MAX_KEY_LENGTH = 80;

/**
 * Reads a body for people: each value, and the first place at which it departs from its schema. Null where the text is no Avro schema.
 *
 * Never throws, whatever the bytes are. Time and output are bounded, so a value can be shown in part; whether a consumer reads it is
 * decided by AvroDecoder, which also resolves it to the reader's schema.
 */
export function inspectBody(writerSchema: string, bytes: Buffer, from: number): BodyInspection | null {
  const type = typeOf(writerSchema);
  return type === null ? null : new Inspection(bytes, from).run(type);
}

function typeOf(schema: string): Type | null {
  try {
    return parseSchema(schema);
  } catch {
    return null; // it throws for a text that is no schema alone
  }
}

const { types } = avsc;

class Inspection {
  private readonly cursor: ByteCursor;
  private readonly budget = new ShowingBudget();
  private readonly offsets = new Map<string, number>();
  private steps = 0;
  /** Fields of the outermost record, as they come: what is shown where the rest cannot be read. */
  private readonly outermost: [string, unknown][] = [];

  constructor(bytes: Buffer, from: number) {
    this.cursor = new ByteCursor(bytes, from);
  }

  run(type: Type): BodyInspection {
    const { value, fault } = this.readAll(type);
    return {
      schemaName: type.name ?? type.typeName,
      value,
      partial: this.budget.cut || (fault !== null && fault.problem !== 'left_over'),
      fault: fault ?? this.cursor.first,
      offsets: this.offsets,
    };
  }

  private readAll(type: Type): { value: unknown; fault: AvroFault | null } {
    try {
      const value = this.read(type);
      const { left, at } = this.cursor;
      if (left === 0) return { value, fault: null };
      return { value, fault: { problem: 'left_over', field: '', byte: at, type: type.typeName, available: left } };
    } catch (error) {
      if (!(error instanceof BodyFault)) throw error;
      return { value: Object.fromEntries(this.outermost), fault: error.fault };
    }
  }

  private read(type: Type): unknown {
    const { cursor } = this;
    this.steps += 1;
    if (this.steps > MAX_STEPS) cursor.fail('too_much', type.typeName);
    if (cursor.path.length > MAX_DEPTH) cursor.fail('too_deep', type.typeName);
    if (type instanceof types.RecordType) return this.record(type);
    if (type instanceof types.MapType) return this.map(type);
    if (type instanceof types.ArrayType) return this.array(type);
    if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) return this.union(type);
    this.remember();
    if (type instanceof types.EnumType) return this.symbol(type);
    if (type instanceof types.FixedType) return this.hex(cursor.fixed(type.size, 'fixed'));
    return this.primitive(type.typeName);
  }

  private primitive(typeName: string): unknown {
    const { cursor } = this;
    switch (typeName) {
      case 'null':
        return null;
      case 'boolean':
        return cursor.bytes[cursor.fixed(1, typeName)] !== 0;
      case 'int':
      case 'long':
        return cursor.long();
      case 'float':
        return jsonNumber(cursor.bytes.readFloatLE(cursor.fixed(4, typeName)));
      case 'double':
        return jsonNumber(cursor.bytes.readDoubleLE(cursor.fixed(8, typeName)));
      case 'bytes': {
        const { length } = cursor.lengthPrefixed(typeName);
        return this.hex(cursor.at - length);
      }
      case 'string': {
        const before = cursor.at;
        const text = cursor.text();
        this.remember(before + lengthOfLength(cursor.bytes, before));
        return this.budget.text(text);
      }
      default:
        return cursor.fail('too_much', typeName);
    }
  }

  private record(type: InstanceType<typeof types.RecordType>): unknown {
    const entries = this.cursor.path.length === 0 ? this.outermost : [];
    for (const { name, type: inner } of type.fields) this.within(name, inner, entries);
    return Object.fromEntries(entries);
  }

  private map(type: InstanceType<typeof types.MapType>): unknown {
    const entries: [string, unknown][] = [];
    const { cursor } = this;
    for (let count = cursor.blockCount('map'); count > 0; count = cursor.blockCount('map'))
      for (; count > 0; count -= 1) this.within(cursor.text(), type.valuesType, entries);
    return Object.fromEntries(entries);
  }

  private array(type: InstanceType<typeof types.ArrayType>): unknown {
    const entries: [string, unknown][] = [];
    const { cursor } = this;
    let index = 0;
    for (let count = cursor.blockCount('array'); count > 0; count = cursor.blockCount('array'))
      for (; count > 0; count -= 1, index += 1) {
        const before = cursor.at;
        this.within(String(index), type.itemsType, entries);
        if (cursor.at === before) cursor.fail('item_without_bytes', 'array');
      }
    return entries.map(([, item]) => item);
  }

  private union({ types: branches }: { readonly types: readonly Type[] }): unknown {
    const start = this.cursor.at;
    const index = this.cursor.varint('union');
    const branch = index >= 0n && index < branches.length ? branches[Number(index)] : undefined;
    if (branch === undefined)
      return this.cursor.fail('union_branch', 'union', start, { claimed: String(index), available: branches.length });
    return this.read(branch);
  }

  private symbol({ symbols }: InstanceType<typeof types.EnumType>): unknown {
    const start = this.cursor.at;
    const index = this.cursor.varint('enum');
    const symbol = index >= 0n && index < symbols.length ? symbols[Number(index)] : undefined;
    return (
      symbol ?? this.cursor.fail('enum_symbol', 'enum', start, { claimed: String(index), available: symbols.length })
    );
  }

  /** Reads what a name, key or index holds, and keeps it where there is room. */
  private within(name: string, type: Type, entries: [string, unknown][]): void {
    const { path } = this.cursor;
    path.push(name.slice(0, MAX_KEY_LENGTH));
    const shown = this.budget.take();
    const value = this.read(type);
    path.pop();
    if (shown) entries.push([this.budget.text(name), value]);
  }

  private hex(from: number): string {
    const { bytes, at } = this.cursor;
    const whole = at - from;
    const fits = Math.min(whole, Math.floor(this.budget.room / 2));
    const text = this.budget.text(bytes.toString('hex', from, from + fits));
    if (fits === whole) return text;
    this.budget.cut = true;
    return text + CUT;
  }

  private remember(at = this.cursor.at): void {
    const field = this.cursor.path.join('.');
    if (this.offsets.size < MAX_OFFSETS || this.offsets.has(field)) this.offsets.set(field, at);
  }
}

/** How many bytes the variable-length integer takes that begins here. */
function lengthOfLength(bytes: Buffer, at: number): number {
  let length = 1;
  while ((bytes[at + length - 1] ?? 0) >= 0x80) length += 1;
  return length;
}
