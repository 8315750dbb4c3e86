import type { ConsumedRecord } from '@weir/kafka';
import { CopyQuery } from '@weir/postgres';

import { codeOf, type Transaction, UNIQUE_VIOLATION } from '../database/database.js';
import { type LetterRow, letterRow } from './letter-row.js';

type Cell = string | number | Date | Buffer | null;

/** Columns of the index, PostgreSQL's types of them, and what a row has there. */
const COLUMNS: readonly (readonly [name: string, type: string, of: (row: LetterRow) => Cell])[] = [
  ['dlq_partition', 'int', (row) => row.dlqPartition],
  ['dlq_offset', 'bigint', (row) => row.dlqOffset],
  ['identity', 'text', (row) => row.identity],
  ['replay_count', 'int', (row) => row.replayCount],
  ['replay_id', 'text', (row) => row.replayId],
  ['class', 'text', (row) => row.class],
  ['reason', 'text', (row) => row.reason],
  ['error', 'text', (row) => row.error],
  ['fingerprint', 'text', (row) => row.fingerprint],
  ['tenant_id', 'text', (row) => row.tenantId],
  ['schema_id', 'int', (row) => row.schemaId],
  ['topic', 'text', (row) => row.topic],
  ['partition', 'int', (row) => row.partition],
  ['origin_offset', 'bigint', (row) => row.offset],
  ['origin_at', 'timestamptz', (row) => new Date(row.originAtMs)],
  ['routed_at', 'timestamptz', (row) => new Date(row.routedAtMs)],
  ['consumer_group', 'text', (row) => row.group],
  ['service_version', 'text', (row) => row.serviceVersion],
  ['attempts', 'int', (row) => row.attempts],
  ['trace_id', 'text', (row) => row.traceId],
  ['value_bytes', 'int', (row) => row.valueBytes],
  ['omitted_bytes', 'bigint', (row) => row.omittedBytes],
  ['value_sha256', 'bytea', (row) => row.valueSha256],
];

/** Of one statement; a batch has several, so that its rows are read and written at the same time. */
const ROWS_AT_ONCE = 500;

const NAMES = COLUMNS.map(([name]) => name).join(', ');
const COPY = `COPY admin.dead_letters (${NAMES}) FROM STDIN`;
const INSERT = `
  INSERT INTO admin.dead_letters (${NAMES})
  SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT DO NOTHING RETURNING dlq_partition, dlq_offset`;

/**
 * Writes rows of these dead letters, and answers those that are new. Copies are rare, so that all are taken for new at first: COPY takes the
 * database a third less than an INSERT that looks for them.
 */
export async function writeLetters(transaction: Transaction, records: readonly ConsumedRecord[]): Promise<LetterRow[]> {
  await transaction.query('SAVEPOINT letters');
  try {
    return await inTurn(records, (rows) => copyRows(transaction, rows));
  } catch (thrown) {
    if (codeOf(thrown) !== UNIQUE_VIOLATION) throw thrown;
    await transaction.query('ROLLBACK TO SAVEPOINT letters');
    return inTurn(records, (rows) => insertRows(transaction, rows));
  }
}

/** Reads letters while the database writes those before. */
async function inTurn(
  records: readonly ConsumedRecord[],
  write: (rows: readonly LetterRow[]) => Promise<readonly LetterRow[]>,
): Promise<LetterRow[]> {
  const fresh: LetterRow[] = [];
  let written: Promise<readonly LetterRow[]> = Promise.resolve([]);
  for (let at = 0; at < records.length; at += ROWS_AT_ONCE) {
    const rows = records.slice(at, at + ROWS_AT_ONCE).map(letterRow);
    fresh.push(...(await written));
    written = write(rows);
  }
  fresh.push(...(await written));
  return fresh;
}

/** Rejects with UNIQUE_VIOLATION where one of them is there already. */
async function copyRows({ client }: Transaction, rows: readonly LetterRow[]): Promise<readonly LetterRow[]> {
  await client.query(new CopyQuery(COPY, Buffer.from(rows.map(lineOf).join('')))).done;
  return rows;
}

/** Those that were not there. */
async function insertRows(transaction: Transaction, rows: readonly LetterRow[]): Promise<readonly LetterRow[]> {
  const added = await transaction.query<{ dlq_partition: number; dlq_offset: string }>(
    INSERT,
    COLUMNS.map(([, , of]) => rows.map(of)),
  );
  const places = new Set(added.map((row) => `${row.dlq_partition}-${row.dlq_offset}`));
  return rows.filter((row) => places.has(`${row.dlqPartition}-${row.dlqOffset}`));
}

/** https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". */
function lineOf(row: LetterRow): string {
  return `${COLUMNS.map(([, , of]) => cellOf(of(row))).join('\t')}\n`;
}

function cellOf(value: Cell): string {
  if (value === null) return String.raw`\N`;
  if (typeof value === 'string') return value.replaceAll(SPECIAL, escaped);
  if (typeof value === 'number') return String(value);
  return value instanceof Date ? value.toISOString() : String.raw`\\x${value.toString('hex')}`;
}

const SPECIAL = /[\\\t\n\r]/gu;
const escaped = (character: string): string => ESCAPES[character] ?? character;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
