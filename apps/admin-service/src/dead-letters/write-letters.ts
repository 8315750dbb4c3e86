import { CopyQuery, CopyRows } from '@weir/postgres';

import { codeOf, type Transaction, UNIQUE_VIOLATION } from '../database/database.js';
import type { LetterRow } from './letter-row.js';

/** What a column holds: PostgreSQL's type of it, what a row has there, and how COPY writes it. */
interface Column {
  readonly name: string;
  readonly type: 'int' | 'bigint' | 'text' | 'timestamptz' | 'bytea';
  readonly of: (row: LetterRow) => string | number | Date | Buffer | null;
  readonly copy: (rows: CopyRows, row: LetterRow) => void;
}

const int = (name: string, of: (row: LetterRow) => number | null): Column => ({
  name,
  type: 'int',
  of,
  copy: (rows, row) => {
    const value = of(row);
    if (value === null) rows.null();
    else rows.int4(value);
  },
});
const bigint = (name: string, of: (row: LetterRow) => number): Column => ({
  name,
  type: 'bigint',
  of,
  copy: (rows, row) => rows.int8(of(row)),
});
const text = (name: string, of: (row: LetterRow) => string | null): Column => ({
  name,
  type: 'text',
  of,
  copy: (rows, row) => {
    const value = of(row);
    if (value === null) rows.null();
    else rows.text(value);
  },
});
const time = (name: string, of: (row: LetterRow) => number): Column => ({
  name,
  type: 'timestamptz',
  of: (row) => new Date(of(row)),
  copy: (rows, row) => rows.timestamp(of(row)),
});
const bytea = (name: string, of: (row: LetterRow) => Buffer): Column => ({
  name,
  type: 'bytea',
  of,
  copy: (rows, row) => rows.bytes(of(row)),
});

const COLUMNS: readonly Column[] = [
  int('dlq_partition', (row) => row.dlqPartition),
  bigint('dlq_offset', (row) => row.dlqOffset),
  text('identity', (row) => row.identity),
  int('replay_count', (row) => row.replayCount),
  text('replay_id', (row) => row.replayId),
  text('class', (row) => row.class),
  text('reason', (row) => row.reason),
  text('error', (row) => row.error),
  text('fingerprint', (row) => row.fingerprint),
  text('tenant_id', (row) => row.tenantId),
  int('schema_id', (row) => row.schemaId),
  text('topic', (row) => row.topic),
  int('partition', (row) => row.partition),
  bigint('origin_offset', (row) => row.offset),
  time('origin_at', (row) => row.originAtMs),
  time('routed_at', (row) => row.routedAtMs),
  text('consumer_group', (row) => row.group),
  text('service_version', (row) => row.serviceVersion),
  int('attempts', (row) => row.attempts),
  text('trace_id', (row) => row.traceId),
  int('value_bytes', (row) => row.valueBytes),
  bigint('omitted_bytes', (row) => row.omittedBytes),
  bytea('value_sha256', (row) => row.valueSha256),
];

/** Of one statement; a batch has several, so that the body of the next is made while the database takes one. */
const ROWS_AT_ONCE = 500;

const NAMES = COLUMNS.map(({ name }) => name).join(', ');
const COPY = `COPY admin.dead_letters (${NAMES}) FROM STDIN (FORMAT binary)`;
const INSERT = `
  INSERT INTO admin.dead_letters (${NAMES})
  SELECT * FROM unnest(${COLUMNS.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT DO NOTHING RETURNING dlq_partition, dlq_offset`;

/**
 * Writes rows of these dead letters, and answers those that are new. Copies are rare, so that all are taken for new at first: COPY takes the
 * database a third less than an INSERT that looks for them.
 */
export async function writeLetters(
  transaction: Transaction,
  rows: readonly LetterRow[],
): Promise<readonly LetterRow[]> {
  try {
    await copyRows(transaction, rows);
    return rows;
  } catch (thrown) {
    if (codeOf(thrown) !== UNIQUE_VIOLATION) throw thrown;
    await transaction.query('ROLLBACK TO SAVEPOINT letters');
    return insertRows(transaction, rows);
  }
}

/**
 * Rejects with UNIQUE_VIOLATION where one of them is there already. In the order of the indexes, so that neighbours go to the same pages: a tenth
 * less for the database than partition by partition.
 */
async function copyRows({ client }: Transaction, given: readonly LetterRow[]): Promise<void> {
  const rows = given.toSorted((a, b) => a.routedAtMs - b.routedAtMs);
  let written: Promise<unknown> = Promise.resolve();
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const body = bodyOf(rows.slice(at, at + ROWS_AT_ONCE));
    await written;
    written = client.query(new CopyQuery(at === 0 ? `SAVEPOINT letters; ${COPY}` : COPY, body)).done;
  }
  await written;
}

function bodyOf(rows: readonly LetterRow[]): Buffer {
  const body = new CopyRows(COLUMNS.length);
  for (const row of rows) {
    body.begin();
    for (const column of COLUMNS) column.copy(body, row);
  }
  return body.end();
}

/** Those that were not there. */
async function insertRows(transaction: Transaction, rows: readonly LetterRow[]): Promise<LetterRow[]> {
  const added = await transaction.query<{ dlq_partition: number; dlq_offset: string }>(
    INSERT,
    COLUMNS.map(({ of }) => rows.map(of)),
  );
  const places = new Set(added.map((row) => `${row.dlq_partition}-${row.dlq_offset}`));
  return rows.filter((row) => places.has(`${row.dlqPartition}-${row.dlqOffset}`));
}
