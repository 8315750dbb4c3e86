import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectSchemaRegistry,
  MetricEventEncoder,
  type SchemaRegistryClient,
  SchemaVersion,
  subjects,
} from '@weir/avro';
import { engines, type FreshDatabase, freshDatabase, registryFaults, RegistryProxy, uniqueName } from '@weir/testing';
import { Pool } from 'pg';

import { examineRejection } from '../src/diagnosis/database.js';
import { Examiner } from '../src/diagnosis/diagnose.js';
import { RegistrySchemas } from '../src/diagnosis/registry-schemas.js';
import { envelopeOf, event, type LetterOf } from './support/dead-letter-bench.js';

const { url } = engines().schemaRegistry;
const NEVER_GIVEN_OUT = 2_000_000_000;

describe('diagnosis, with a schema registry', () => {
  const proxy = new RegistryProxy(url);
  const direct = connectSchemaRegistry({ url });
  let registry: SchemaRegistryClient;
  let examiner: Examiner;
  let now: number;
  let good: Buffer;

  beforeAll(async () => {
    const encoder = new MetricEventEncoder(direct, { subject: subjects.metricsRaw.subject, autoRegister: true });
    await encoder.ready(SchemaVersion.V3);
    [good = Buffer.alloc(0)] = encoder.encode([event], SchemaVersion.V3);
    const [tenant] = subjects.tenants.versions;
    await direct.register(subjects.tenants.subject, tenant?.schema ?? '', subjects.tenants.compatibility);
  });
  beforeEach(async () => {
    await proxy.start();
    proxy.fault = undefined;
    now = 1;
    registry = connectSchemaRegistry({ url: proxy.url, requestTimeoutMs: 20_000 });
    examiner = new Examiner(new RegistrySchemas(registry, () => now));
  });
  afterAll(() => proxy.stop());

  function withId(id: number): Buffer {
    const value = Buffer.from(good);
    value.writeUInt32BE(id, 1);
    return value;
  }

  async function examine(value: Buffer, letter: LetterOf = {}) {
    const examination = await examiner.examine(envelopeOf(value, letter), { key: null, value, headers: [] });
    return { ...examination, codes: examination.findings.map(({ code }) => code) };
  }

  it('shows a record with its schema’s id and subject', async () => {
    const { decoded, schemaKnown, codes } = await examine(good, { reason: 'unknown_schema' });
    const schemaId = good.readUInt32BE(1);
    expect(decoded).toEqual({ kind: 'avro', schemaId, subject: 'metrics.raw-value', value: event, partial: false });
    expect([schemaKnown, codes]).toEqual([true, ['passes_now']]);
  });

  it('names the ids of Weir’s own schemas where it lacks one', async () => {
    const { findings, schemaKnown } = await examine(withId(NEVER_GIVEN_OUT), { reason: 'unknown_schema' });
    expect(schemaKnown).toBe(false);
    expect(findings.map(({ code }) => code)).toEqual(['schema_unknown', 'other_registry']);
    expect(findings[0]?.detail).toMatch(/Weir’s own for metrics are \d+, \d+ and \d+\./);
    expect(findings[0]?.detail).toContain(String(good.readUInt32BE(1)));
  });

  it('knows the schema of another topic by its subject', async () => {
    const [tenant] = subjects.tenants.versions;
    const id = await direct.idOf(subjects.tenants.subject, tenant?.schema ?? '');
    const { findings } = await examine(withId(id ?? 0), { reason: 'decode' });
    expect(findings[0]).toMatchObject({
      code: 'schema_of_another_subject',
      detail: expect.stringContaining('tenants-value'),
    });
  });

  it('says that a replay would succeed as soon as the schema is registered', async () => {
    const fields = JSON.parse(subjects.metricsRaw.versions.at(-1)?.schema ?? '{}') as { fields: object[] };
    const schema = JSON.stringify({ ...fields, doc: uniqueName('later') });
    const id = await direct.register(uniqueName('later'), schema, 'NONE');
    proxy.fault = ({ url: path }) => (path?.endsWith(`/schemas/ids/${id}`) === true ? registryFaults.wiped : undefined);
    expect((await examine(withId(id), { reason: 'unknown_schema' })).codes[0]).toBe('schema_unknown');
    proxy.fault = undefined;
    now += 2_001;
    const { codes, decoded } = await examine(withId(id), { reason: 'unknown_schema' });
    expect(codes).toEqual(['passes_now']);
    expect(decoded).toMatchObject({ schemaId: id, subject: null, value: event });
  });

  it('blames no record while the registry is away, or has lost its data, and says so', async () => {
    await proxy.stop();
    expect(await examine(good)).toMatchObject({ codes: ['registry_away', 'nothing_found'], schemaKnown: null });
    await proxy.start();
    proxy.fault = () => registryFaults.wiped;
    expect(await examine(good)).toMatchObject({ codes: ['registry_away', 'nothing_found'], schemaKnown: null });
    proxy.fault = undefined;
    expect((await examine(good)).codes).toEqual(['passes_now']);
  });

  it('needs the registry once for a schema, and not at all for what has no frame', async () => {
    await examine(good);
    await proxy.stop();
    expect((await examine(good)).codes).toEqual(['passes_now']);
    expect((await examine(Buffer.from('{"a":1}'), { reason: 'frame' })).codes).toEqual(['json']);
    expect((await examine(withId(NEVER_GIVEN_OUT))).codes).toEqual(['registry_away', 'nothing_found']);
  });
});

describe('diagnosis of what PostgreSQL refuses', () => {
  let database: FreshDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await freshDatabase('diagnosis');
    pool = new Pool({ connectionString: database.url });
    pool.on('error', () => undefined); // the database is dropped below it
    await pool.query(`CREATE DOMAIN ratio AS double precision CONSTRAINT ratio_share CHECK (value <= 1);
      CREATE TABLE rows (
        name text NOT NULL, short varchar(3), labels jsonb, small smallint, price numeric(4, 2), part ratio, ts timestamptz,
        value double precision CONSTRAINT rows_value_positive CHECK (value >= 0)
      )`);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it.each([
    ['a check', 'value', '-1', 'database_check'],
    ['a domain’s check', 'part', '2', 'database_check'],
    ['a missing name', 'name', null, 'database_not_null'],
    ['a text that is too long', 'short', 'long', 'database_text'],
    ['a NUL in text', 'short', 'a\0', 'database_text'],
    ['a NUL in jsonb', 'labels', String.raw`{"a":"\u0000"}`, 'database_text'],
    ['a number that is too large', 'small', '70000', 'database_out_of_range'],
    ['a number with too many digits', 'price', '12345', 'database_out_of_range'],
    ['a double that is too large', 'value', '1e400', 'database_out_of_range'],
    ['a time that is too late', 'ts', '300000-01-01', 'database_out_of_range'],
  ])('explains %s by the words of this PostgreSQL, with its SQLSTATE', async (_case, column, value, code) => {
    const name = column === 'name' ? value : 'n';
    const others = column === 'name' ? '' : `, ${column}`;
    const refused: unknown = await pool
      .query(
        `INSERT INTO rows (name${others}) VALUES ($1${others === '' ? '' : ', $2'})`,
        column === 'name' ? [name] : [name, value],
      )
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    const { message, code: sqlState } = refused as { message: string; code: string };
    const found = examineRejection(message);
    expect(found.code).toBe(code);
    expect(found.detail).toContain(`SQLSTATE ${sqlState}`);
  });
});
