import { describe, expect, it } from '@jest/globals';
import { readFile, readdir } from 'node:fs/promises';

import avsc from 'avsc';

import { schemaTexts } from '../src/schemas.generated.js';
import { parseSchema } from '../src/strict-types.js';
import { allSubjects, newestSchema } from '../src/subjects.js';

const schemas = new URL('../../../schemas/', import.meta.url);
const released = allSubjects.flatMap(({ subject, versions }) => versions.map((version) => ({ subject, ...version })));

async function read(path: string): Promise<string> {
  return await readFile(new URL(path, schemas), 'utf8');
}

describe('the schemas in the build', () => {
  it('are those of schemas/: run `pnpm --filter @weir/avro generate` after a change', async () => {
    const entries = await readdir(schemas, { recursive: true });
    const files = entries.filter((file) => file.endsWith('.avsc'));
    const inFolder = await Promise.all(
      files.map(async (file) => [file, JSON.stringify(JSON.parse(await read(file)))] as const),
    );
    const inBuild = Object.entries(schemaTexts).flatMap(([subject, versions]) =>
      Object.entries(versions).map(([version, text]) => [`${subject}/${version}.avsc`, text] as const),
    );
    expect(Object.fromEntries(inBuild)).toEqual(Object.fromEntries(inFolder));
  });

  it('belong each to a subject with a compatibility', () => {
    expect(allSubjects.map(({ subject }) => subject)).toEqual(Object.keys(schemaTexts));
  });
});

describe.each(released)('records of $subject $version', ({ subject, version, schema }) => {
  it('are read by the newest reader as they were written, with defaults for what came later', async () => {
    const bytes = Buffer.from((await read(`${subject}/golden/${version}.hex`)).replaceAll(/\s/g, ''), 'hex');
    const written: unknown = JSON.parse(await read(`${subject}/golden/${version}.json`));
    const newest = newestOf(subject);
    const reader = parseSchema(newest);
    const value = reader.fromBuffer(bytes, reader.createResolver(parseSchema(schema))) as unknown;
    expect(value).toEqual(Object.assign(defaultsOf(newest), written));
  });

  it('are written as they always were', async () => {
    const written: unknown = JSON.parse(await read(`${subject}/golden/${version}.json`));
    const hex = (await read(`${subject}/golden/${version}.hex`)).replaceAll(/\s/g, '');
    expect(parseSchema(schema).toBuffer(written).toString('hex')).toBe(hex);
  });
});

function newestOf(name: string): string {
  const found = allSubjects.find(({ subject }) => subject === name);
  if (found === undefined) throw new Error(`No subject ${name}.`);
  return newestSchema(found);
}

function defaultsOf(schema: string): object {
  const type = parseSchema(schema);
  const fields = type instanceof avsc.types.RecordType ? type.fields : [];
  const defaults = fields.map((field) => [field.name, field.defaultValue() as unknown] as const);
  return Object.fromEntries(defaults.filter(([, value]) => value !== undefined));
}
