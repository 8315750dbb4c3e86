/**
 * The limit of indexing dead letters in PostgreSQL from Node: COPY of rows that were made before, on one connection, into a table of the
 * index's columns with its primary key alone, a commit for each five thousand rows.
 */
import { createHash } from 'node:crypto';

import { serveCopies } from './copying.js';

const PARTITIONS = 6;
const TOPIC_ID = '0c766f4e-4033-482a-9810-facaa7246010';

await serveCopies({
  columns: '(LIKE admin.dead_letters INCLUDING DEFAULTS, PRIMARY KEY (dlq_partition, dlq_offset))',
  format: 'text',
  commitRows: 5_000,
  bodyOf: (from, rows) => Buffer.from(Array.from({ length: rows }, (_, n) => lineOf(from + n)).join('')),
});

/** https://www.postgresql.org/docs/current/sql-copy.html, "Text Format": the columns in the table's order. */
function lineOf(n: number): string {
  const at = new Date(1_795_000_000_000 + n).toISOString();
  const letter = [n % PARTITIONS, Math.floor(n / PARTITIONS)];
  const cause = ['open', 'poison', 'unknown_schema', 'The registry has no schema 17.', 'a'.repeat(32), 'tenant-1', 17];
  const origin = ['metrics.raw', n % 12, n, at, at, 'metrics-consumer', '0.1.0', 1];
  const value = ['\\N', 120, 0, `\\\\x${createHash('sha256').update(String(n)).digest('hex')}`];
  return `${[...letter, `${TOPIC_ID}/${n % 12}/${n}/metrics-consumer`, 0, '\\N', ...cause, ...origin, ...value].join('\t')}\n`;
}
