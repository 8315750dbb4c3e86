import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ValidationError } from '@weir/errors';
import { type ConsumedRecord, DeadLetterPublisher } from '@weir/kafka';
import * as fc from 'fast-check';

import { Database } from '../src/database/database.js';
import { DeadLetterIndex } from '../src/dead-letters/dead-letter-index.js';
import { type LetterRow, letterRow } from '../src/dead-letters/letter-row.js';
import { writeLetters } from '../src/dead-letters/write-letters.js';
import { type AdminSchema, adminSchema } from './support/admin-schema.js';

interface Told {
  readonly tenant: string | null;
  readonly error: string;
}

/** Dead letters of the records at `offset` and after, as they come out of metrics.dlq from `dlqOffset` on. */
async function letters(offset: number, dlqOffset: number, told: readonly Told[]): Promise<ConsumedRecord[]> {
  const sent: ConsumedRecord[] = [];
  const producer: ConstructorParameters<typeof DeadLetterPublisher>[0] = {
    send: (records) => {
      for (const { key, value, headers = [] } of records) {
        const place = { topic: 'metrics.dlq', partition: 0, offset: dlqOffset + sent.length, timestampMs: 1 };
        sent.push({ ...place, key: key === null ? null : Buffer.from(key), value, headers });
      }
      return Promise.resolve();
    },
  };
  const options = { topic: 'metrics.dlq', group: 'g', serviceVersion: '1' };
  await new DeadLetterPublisher(producer, options).publish(
    told.map(({ tenant, error }, n) => ({
      record: {
        topic: 'metrics.raw',
        partition: 0,
        offset: offset + n,
        timestampMs: 1_795_000_000_123,
        key: null,
        value: Buffer.from([n]),
        headers: [],
      },
      topicId: '0c766f4e-4033-482a-9810-facaa7246010',
      class: 'invalid',
      reason: 'name',
      error: new ValidationError('name', error),
      schemaId: null,
      tenantId: tenant,
      attempts: 1,
    })),
  );
  return sent;
}

const hostile = fc.string({
  unit: fc.oneof(fc.constantFrom('\\', '\t', '\n', '\r', 'N', '.', '"', '{', ',', '\0', '\ud800'), fc.string()),
});
const told = fc.array(fc.record({ tenant: fc.option(hostile), error: hostile }), { minLength: 1, maxLength: 20 });
const some = (count: number): Told[] => Array.from({ length: count }, (_, n) => ({ tenant: 't', error: `error ${n}` }));

const asStored = (row: LetterRow): object => ({
  error: row.error,
  tenant_id: row.tenantId,
  identity: row.identity,
  fingerprint: row.fingerprint,
  origin_at: new Date(row.originAtMs),
  routed_at: new Date(row.routedAtMs),
  value_bytes: row.valueBytes,
  value_sha256: row.valueSha256,
  trace_id: row.traceId,
  schema_id: row.schemaId,
});

describe('writing dead letters into the index', () => {
  let schema: AdminSchema;
  let database: Database;
  let next = 0;
  beforeAll(async () => {
    schema = await adminSchema('letters');
    database = new Database(schema.pool);
  });
  afterAll(() => schema.drop());

  const write = (records: readonly ConsumedRecord[]): Promise<readonly LetterRow[]> =>
    database.transaction((transaction) => writeLetters(transaction, records.map(letterRow)));
  /** Of each row what its columns hold, in the order of the letters. */
  const stored = (from: number): Promise<object[]> =>
    database.query(
      `SELECT error, tenant_id, identity, fingerprint, origin_at, routed_at, value_bytes, value_sha256, trace_id, schema_id
       FROM admin.dead_letters WHERE dlq_offset >= $1 ORDER BY dlq_offset`,
      [from],
    );

  it('keeps what they tell to the character, null apart from empty', async () => {
    await fc.assert(
      fc.asyncProperty(told, async (given) => {
        const records = await letters(next, next, given);
        await write(records);
        expect(await stored(next)).toEqual(records.map(letterRow).map(asStored));
        next += records.length;
      }),
      { numRuns: 30 },
    );
  });

  it('answers those that are new, also where copies of others are among them, and writes each once', async () => {
    const first = await letters(next, next, some(700));
    expect(await write(first)).toHaveLength(700);
    // 300 of them again, and 500 more.
    const again = await letters(next + 400, next + 700, some(800));
    expect((await write(again)).map(({ offset }) => offset)).toEqual(
      Array.from({ length: 500 }, (_, n) => next + 700 + n),
    );
    expect(await stored(next)).toEqual([...first, ...again.slice(300)].map(letterRow).map(asStored));
  });

  it('are the same whether a record was read when it was fetched or when its turn came, also of a batch that comes again', async () => {
    next += 10_000;
    const index = new DeadLetterIndex(5);
    const records = await letters(next, next, some(40));
    index.begin(records.slice(10));
    const failed = database.transaction(async (transaction) => {
      await index.apply(transaction, records.slice(0, 30));
      throw new ValidationError('name', 'the database is gone');
    });
    await expect(failed).rejects.toThrow('the database is gone');
    expect(await stored(next)).toEqual([]);
    await database.transaction((transaction) => index.apply(transaction, records));
    expect(await stored(next)).toEqual(records.map(letterRow).map(asStored));
  });
});
