import { type BodyInspection, CUT, jsonNumber, ShowingBudget } from '@weir/avro';

/** What a record's value says, as JSON can hold it. Never larger than a few hundred kilobytes: `partial` says that something is left out. */
export type Decoded =
  | {
      readonly kind: 'avro';
      readonly schemaId: number;
      /** Weir's own subject that has this schema; null where none has, or it could not be told. */
      readonly subject: string | null;
      /** Bytes as hex; longs from 2^52 on, NaN, infinities and -0 as text. Up to the fault where there is one. */
      readonly value: unknown;
      readonly partial: boolean;
    }
  | { readonly kind: 'json'; readonly value: unknown; readonly partial: boolean }
  | { readonly kind: 'text'; readonly text: string; readonly partial: boolean }
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'bytes' };

export const BYTES: Decoded = { kind: 'bytes' };

export function decodedAvro(schemaId: number, subject: string | null, inspection: BodyInspection | null): Decoded {
  if (inspection === null) return BYTES;
  const { value, partial } = inspection;
  return { kind: 'avro', schemaId, subject, value, partial };
}

export function decodedText(text: string): Decoded {
  const budget = new ShowingBudget();
  const shown = budget.text(text);
  return { kind: 'text', text: shown, partial: budget.cut };
}

export function decodedJson(parsed: unknown): Decoded {
  const budget = new ShowingBudget();
  const value = bounded(parsed, budget, 0);
  return { kind: 'json', value, partial: budget.cut };
}

/** Deeper than any metric, and far from where writing JSON would exhaust the stack. */
const MAX_DEPTH = 32;

function bounded(value: unknown, budget: ShowingBudget, depth: number): unknown {
  if (typeof value === 'string') return budget.text(value);
  if (typeof value === 'number') return jsonNumber(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) {
    budget.cut = true;
    return CUT;
  }
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value)
      if (budget.take()) items.push(bounded(item, budget, depth + 1));
      else break;
    return items;
  }
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value))
    if (budget.take()) entries.push([budget.text(name), bounded(inner, budget, depth + 1)]);
    else break;
  return Object.fromEntries(entries);
}
