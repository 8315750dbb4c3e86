import { describe, expect, it } from '@jest/globals';
import { SchemaIncompatibleError } from '@weir/errors';
import { engines, uniqueName } from '@weir/testing';

import { allSubjects, checkEvolution, connectSchemaRegistry, newestSchema, subjects } from '../src/index.js';

const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });

interface RecordText {
  readonly fields: readonly { readonly name: string; readonly [attribute: string]: unknown }[];
}

/** v4 of MetricEvent with these fields. */
function v4(change: (fields: RecordText['fields']) => RecordText['fields']): string {
  const newest = JSON.parse(newestSchema(subjects.metricsRaw)) as RecordText;
  return JSON.stringify({ ...newest, fields: change(newest.fields) });
}

async function registerReleased(): Promise<string> {
  const subject = uniqueName('evolution');
  for (const { schema } of subjects.metricsRaw.versions) await registry.register(subject, schema, 'BACKWARD');
  return subject;
}

function check(schema: string): string[] {
  return checkEvolution([...subjects.metricsRaw.versions, { version: 'v4', schema }]);
}

describe('the registry and the checker', () => {
  it.each(allSubjects)('take every released version of $subject, in order', async ({ versions, compatibility }) => {
    const subject = uniqueName('released');
    for (const { schema } of versions) await registry.register(subject, schema, compatibility);
    for (const { schema } of versions) expect(await registry.idOf(subject, schema)).not.toBeNull();
    expect(checkEvolution(versions)).toEqual([]);
  });

  it('take a field with a default', async () => {
    const schema = v4((fields) => [...fields, { name: 'unit', type: 'string', default: '' }]);
    expect(check(schema)).toEqual([]);
    expect(await registry.register(await registerReleased(), schema, 'BACKWARD')).toBeGreaterThan(0);
  });

  it.each([
    ['a field without a default', v4((fields) => [...fields, { name: 'unit', type: 'string' }])],
    ['a changed type', v4((fields) => fields.map((f) => (f.name === 'value' ? { ...f, type: 'string' } : f)))],
    ['a renamed field', v4((fields) => fields.map((f) => (f.name === 'name' ? { ...f, name: 'metric' } : f)))],
  ])('refuse %s', async (_, schema) => {
    expect(check(schema)).not.toEqual([]);
    const registered = registry.register(await registerReleased(), schema, 'BACKWARD');
    await expect(registered).rejects.toBeInstanceOf(SchemaIncompatibleError);
  });
});

describe('the checker alone', () => {
  it.each([
    ['a removed field', v4((fields) => fields.filter(({ name }) => name !== 'name'))],
    [
      'a rename by alias',
      v4((fields) => fields.map((f) => (f.name === 'name' ? { ...f, name: 'metric', aliases: ['name'] } : f))),
    ],
  ])('refuses %s, which BACKWARD lets pass', async (_, schema) => {
    expect(check(schema)).not.toEqual([]);
    expect(await registry.register(await registerReleased(), schema, 'BACKWARD')).toBeGreaterThan(0);
  });
});
