import { describe, expect, it } from '@jest/globals';

import { schemaDifferences } from './schema-diff.js';

const record = (...fields: object[]): string => JSON.stringify({ type: 'record', name: 'Metric', fields });
const value = { name: 'value', type: 'double' };
const name = { name: 'name', type: 'string' };

describe('the differences between two schemas', () => {
  it('are none between equal ones, and none for the order of fields', () => {
    expect(schemaDifferences(record(name, value), record(value, name))).toEqual([]);
  });

  it('tell a field that is new, one that is gone, and what of one was changed', () => {
    const unit = { name: 'unit', type: 'string', default: '' };
    expect(schemaDifferences(record(name, value), record(unit, { ...value, type: 'float' }))).toEqual([
      { path: 'fields.name', before: name, after: null },
      { path: 'fields.value.type', before: 'double', after: 'float' },
      { path: 'fields.unit', before: null, after: unit },
    ]);
  });

  it('go by place in a union, and by name among its records', () => {
    const [one, other] = [
      { name: 'labels', type: ['null', { type: 'record', name: 'L', fields: [name] }] },
      { name: 'labels', type: ['null', { type: 'record', name: 'L', fields: [value] }] },
    ];
    expect(schemaDifferences(record(one), record(other)).map(({ path }) => path)).toEqual([
      'fields.labels.type.L.fields.name',
      'fields.labels.type.L.fields.value',
    ]);
  });

  it('are found between a type and a union, and between primitives', () => {
    expect(schemaDifferences('"string"', '["null","string"]')).toEqual([
      { path: '', before: 'string', after: ['null', 'string'] },
    ]);
  });
});
