import { messageOf } from '@weir/errors';

import { parseSchema } from './strict-types.js';
import type { SubjectVersion } from './subjects.js';

/** A field of a record, as the text of a schema has it. */
interface FieldText {
  readonly name: string;
  readonly type: unknown;
  readonly doc?: string;
  readonly default?: unknown;
  readonly aliases?: unknown;
}

/** One place of a schema: an attribute bag for a named or complex type, `{ type }` alone for a primitive one. */
interface TypeText {
  readonly type: string;
  readonly [attribute: string]: unknown;
}

/** What is compared, and where its problems go. */
interface Comparison {
  readonly label: string;
  readonly problems: string[];
  /** Whether `earlier` came right before `later`, and so is where a removed field must have been marked. */
  readonly adjacent: boolean;
}

/**
 * Holds every version of a subject against all earlier ones, and returns a sentence for each broken rule.
 *
 * The rules are those of schemas/README.md, stricter than the registry's BACKWARD, which looks at the version before
 * alone and takes removals, and renames by alias: any version must read any other's records, in either direction, and
 * mean the same by them.
 */
export function checkEvolution(versions: readonly SubjectVersion[]): string[] {
  const problems: string[] = [];
  for (const [index, later] of versions.entries()) {
    const unreadable = problemOf(later);
    if (unreadable !== null) return [...problems, `${later.version}: ${unreadable}`];
    for (const [before, earlier] of versions.slice(0, index).entries()) {
      const label = `${later.version} against ${earlier.version}`;
      const comparison = { label, problems, adjacent: before === index - 1 };
      compareTypes(textOf(earlier.schema), textOf(later.schema), '', comparison);
    }
  }
  return problems;
}

/** Whether the schema is valid Avro, with each default fitting its type. */
function problemOf({ schema }: SubjectVersion): string | null {
  try {
    parseSchema(schema);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function compareTypes(earlier: unknown, later: unknown, path: string, comparison: Comparison): void {
  const place = path === '' ? 'the schema' : path;
  if (Array.isArray(earlier) || Array.isArray(later)) {
    compareUnions(earlier, later, place, comparison);
    return;
  }
  const [was, is] = [attributesOf(earlier), attributesOf(later)];
  for (const attribute of ['type', 'name', 'namespace', 'logicalType', 'precision', 'scale', 'size'])
    if (was[attribute] !== is[attribute])
      report(comparison, place, `${attribute} changed from ${String(was[attribute])} to ${String(is[attribute])}`);
  if (is['aliases'] !== undefined) report(comparison, place, 'an alias is a rename');
  if (was.type !== is.type) return;
  if (is.type === 'record') compareFields(fieldsOf(was), fieldsOf(is), path, comparison);
  if (is.type === 'enum') compareSymbols(was, is, place, comparison);
  if (is.type === 'map') compareTypes(was['values'], is['values'], `${path}{}`, comparison);
  if (is.type === 'array') compareTypes(was['items'], is['items'], `${path}[]`, comparison);
}

function compareFields(
  was: readonly FieldText[],
  is: readonly FieldText[],
  path: string,
  comparison: Comparison,
): void {
  const earlier = new Map(was.map((field) => [field.name, field]));
  const kept = new Set(is.map((field) => field.name));
  for (const field of is) {
    const place = path === '' ? field.name : `${path}.${field.name}`;
    const before = earlier.get(field.name);
    if (field.aliases !== undefined) report(comparison, place, 'an alias is a rename');
    if (before === undefined) {
      if (field.default === undefined) report(comparison, place, 'a new field needs a default');
      continue;
    }
    compareTypes(before.type, field.type, place, comparison);
    // The default is what records without the field are read as.
    if (JSON.stringify(before.default) !== JSON.stringify(field.default))
      report(comparison, place, 'the default changed, and with it the meaning of records that lack the field');
  }
  for (const field of was) {
    if (kept.has(field.name) || !comparison.adjacent) continue;
    const place = path === '' ? field.name : `${path}.${field.name}`;
    if (field.default === undefined) report(comparison, place, 'a field without a default is never removed');
    else if (!/^deprecated\b/i.test(field.doc ?? ''))
      report(comparison, place, 'a field is removed only after a version whose doc of it starts with "Deprecated"');
  }
}

/** A branch more is a type that readers of before cannot read, a branch less one that readers of now cannot. */
function compareUnions(earlier: unknown, later: unknown, place: string, comparison: Comparison): void {
  if (!Array.isArray(earlier) || !Array.isArray(later) || earlier.length !== later.length) {
    report(comparison, place, 'the branches of a union changed');
    return;
  }
  for (const [index, branch] of earlier.entries()) compareTypes(branch, later[index], place, comparison);
}

function compareSymbols(was: TypeText, is: TypeText, place: string, comparison: Comparison): void {
  const [before, now] = [listOf(was['symbols']), listOf(is['symbols'])];
  if (before.some((symbol) => !now.includes(symbol))) report(comparison, place, 'a symbol was removed');
  if (now.some((symbol) => !before.includes(symbol)) && was['default'] === undefined)
    report(comparison, place, 'a symbol was added to an enum that has no default for readers of before');
  if (was['default'] !== is['default']) report(comparison, place, 'the default changed');
}

function report({ label, problems }: Comparison, place: string, problem: string): void {
  problems.push(`${label}: ${place}: ${problem}`);
}

function textOf(schema: string): unknown {
  return JSON.parse(schema);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `"string"` and `{"type": "string"}` are the same type. The text was parsed before, so its shape is Avro's. */
function attributesOf(schema: unknown): TypeText {
  if (typeof schema === 'string') return { type: schema };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const text = schema as { type: unknown };
  return typeof text.type === 'string' ? { ...text, type: text.type } : attributesOf(text.type);
}

function fieldsOf(record: TypeText): readonly FieldText[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return record['fields'] as readonly FieldText[];
}
