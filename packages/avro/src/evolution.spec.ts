import { describe, expect, it } from '@jest/globals';

import { checkEvolution } from './evolution.js';
import { allSubjects } from './subjects.js';

const name = { name: 'name', type: 'string' };
const note = { name: 'note', type: 'string', default: '' };

function problems(...schemas: object[]): string[] {
  return checkEvolution(schemas.map((schema, index) => ({ version: `v${index + 1}`, schema: JSON.stringify(schema) })));
}

function record(...fields: object[]): object {
  return { type: 'record', name: 'R', fields };
}

function inner(...fields: object[]): object {
  return { name: 'in', type: { type: 'record', name: 'I', fields } };
}

function state(...symbols: string[]): object {
  return { name: 's', type: { type: 'enum', name: 'S', symbols, default: 'A' } };
}

function map(values: string): object {
  return { name: 'm', type: { type: 'map', values } };
}

describe('every subject in schemas/', () => {
  it.each(allSubjects)('$subject can be read by every version of itself', ({ versions }) => {
    expect(checkEvolution(versions)).toEqual([]);
  });
});

describe('an allowed change', () => {
  it('is a new field with a default, also in a nested record', () => {
    expect(problems(record(name, inner(name)), record(name, note, inner(name, note)))).toEqual([]);
  });

  it('is a doc, and the order of the fields', () => {
    expect(problems(record(name, note), record({ ...note, doc: 'Any words.' }, name))).toEqual([]);
  });

  it('is removing a field that had a default and was marked deprecated in the version before', () => {
    expect(problems(record(name, note), record(name, { ...note, doc: 'Deprecated: see name.' }), record(name))).toEqual(
      [],
    );
  });

  it('is a symbol more in an enum that always had a default', () => {
    expect(problems(record(state('A')), record(state('A', 'B')))).toEqual([]);
  });
});

describe('a refused change', () => {
  const enumeration = (symbols: string[]) => record({ name: 's', type: { type: 'enum', name: 'S', symbols } });
  const timestamp = { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } };

  it.each([
    ['a new field without a default', [record(name), record(name, { name: 'n', type: 'int' })], 'needs a default'],
    ['a removed field without a default', [record(name, note), record(note)], 'never removed'],
    ['a removed field that was not deprecated', [record(name, note), record(name)], 'Deprecated'],
    ['a renamed field', [record(name), record({ ...name, name: 'title', default: '' })], 'never removed'],
    ['a rename by alias', [record(note), record({ ...note, aliases: ['comment'] })], 'alias'],
    ['a changed type', [record(name), record({ ...name, type: 'int' })], 'type changed from string to int'],
    ['a promoted type', [record({ name: 'n', type: 'int' }), record({ name: 'n', type: 'long' })], 'int to long'],
    ['a changed unit', [record(timestamp), record({ name: 't', type: 'long' })], 'logicalType'],
    ['a type made optional', [record(name), record({ ...name, type: ['null', 'string'] })], 'union'],
    ['a changed default', [record(note), record({ ...note, default: '-' })], 'default changed'],
    ['a default taken away', [record(note), record({ ...note, default: undefined })], 'default changed'],
    ['a default that does not fit', [record(name), record(name, { name: 'n', type: 'int', default: 'x' })], 'v2:'],
    ['another record name', [record(name), { ...record(name), name: 'Other' }], 'name changed'],
    ['another namespace', [record(name), { ...record(name), namespace: 'a.b' }], 'namespace changed'],
    ['a symbol more without a default', [enumeration(['A']), enumeration(['A', 'B'])], 'symbol was added'],
    ['a symbol less', [enumeration(['A', 'B']), enumeration(['A'])], 'symbol was removed'],
    ['map values of another type', [record(map('string')), record(map('int'))], 'm{}'],
    ['what is no Avro schema', [record(name), { type: 'nonsense' }], 'v2:'],
  ])('is %s', (_, versions, problem) => {
    expect(problems(...versions).join('\n')).toContain(problem);
  });

  it('is a removed name that comes back as another type, though the version before has no such field', () => {
    const deprecated = { ...note, doc: 'Deprecated.' };
    const back = { name: 'note', type: 'int', default: 0 };
    expect(problems(record(name, note), record(name, deprecated), record(name), record(name, back))).toEqual(
      expect.arrayContaining([expect.stringContaining('v4 against v1: note: type changed from string to int')]),
    );
  });
});
