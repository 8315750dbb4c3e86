import { Client } from 'pg';

import { postgresUrl } from './engines/postgres.js';
import type { StackHome } from './home.js';
import { HOST } from './ports.js';

const DATABASE = 'weir';
const WRITER_ROLE = 'weir_writer';

/** The role that metrics-consumer's migrations grant reading to. */
export const READER_ROLE = 'weir_reader';

/** Connections to the stack's database, each with the rights of its users. */
export interface DatabaseUrls {
  /** Owns the database: metrics-consumer, which migrates and writes. */
  readonly writer: string;
  /** query-api: reads what the writer's migrations let this role (`READER_ROLE`) see, and can change nothing. */
  readonly reader: string;
}

/** Makes the database and its roles where they are missing. Done at every start: what is there stays. */
export async function ensureStackDatabase(home: StackHome, port: number): Promise<DatabaseUrls> {
  const passwords = { writer: home.secret('postgres.writer'), reader: home.secret('postgres.reader') };
  await withClient(postgresUrl(home, port), async (client) => {
    await ensureRole(client, WRITER_ROLE, passwords.writer);
    await ensureRole(client, READER_ROLE, passwords.reader);
    await client.query(`ALTER ROLE ${READER_ROLE} SET default_transaction_read_only = on`);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${WRITER_ROLE}`);
  });
  const url = (role: string, password: string): string => `postgres://${role}:${password}@${HOST}:${port}/${DATABASE}`;
  return { writer: url(WRITER_ROLE, passwords.writer), reader: url(READER_ROLE, passwords.reader) };
}

async function ensureRole(client: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(`${verb} ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
