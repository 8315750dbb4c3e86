import { engines, eventually } from '@weir/testing';
import { Client } from 'pg';

import type { System } from '../../support/system.js';

/** Runs the statements one after another as the server's superuser, past every proxy. */
export async function asSuperuser(...statements: readonly string[]): Promise<boolean> {
  const client = superuser();
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
    return true;
  } finally {
    await client.end();
  }
}

/** For every session, also those that were open. */
export const alterDatabase = ({ databaseName }: System, change: string): Promise<boolean> =>
  asSuperuser(
    `ALTER DATABASE "${databaseName}" ${change}`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${databaseName}'`,
  );

/**
 * Takes all connections that the server gives, those of the apps too, so that whoever asks for one is told 53300 (too_many_connections).
 * Answers how to give them back.
 */
export async function takeAllConnections({ databaseName }: System): Promise<() => Promise<void>> {
  const taken: Client[] = [];
  const takeOne = async (): Promise<boolean> => {
    const client = superuser(); // the slots that are kept for superusers too
    try {
      await client.connect();
      taken.push(client);
      return true;
    } catch (error) {
      if (sqlStateOf(error) === '53300') return false;
      throw error;
    }
  };
  const takeRest = async (): Promise<void> => {
    for (let more = true; more;) more = await takeOne();
  };
  await takeRest();
  const [own] = taken;
  if (own === undefined) throw new Error('there was no connection to take');
  await eventually(
    async () => {
      const { rows } = await own.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', // an app that was quicker than we
        [databaseName],
      );
      await takeRest();
      return rows.length;
    },
    (left) => left === 0,
    { timeoutMs: 60_000 },
  );
  return async () => {
    await Promise.all(taken.map((client) => client.end()));
  };
}

/** What the server does before it takes samples, from now on and for everybody; nothing at first. */
export class ServerFault {
  private constructor(private readonly system: System) {}

  static async in(system: System): Promise<ServerFault> {
    const fault = new ServerFault(system);
    await fault.is('');
    await system.sql(
      `CREATE TRIGGER fault BEFORE INSERT ON metrics.samples FOR EACH STATEMENT EXECUTE FUNCTION metrics.fault()`,
    );
    return fault;
  }

  /** A statement of PL/pgSQL. A function, unlike a trigger, is replaced without waiting for those who write. */
  async is(statement: string): Promise<void> {
    await this.system.sql(
      `CREATE OR REPLACE FUNCTION metrics.fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${statement} RETURN NULL; END $$`,
    );
  }

  none(): Promise<void> {
    return this.is('');
  }
}

/**
 * Takes ledger lines in another order than metrics-consumer, again and again until `enough`: it waits for the last line, for which it holds
 * others, and we for those others. The server finds that in the session that waited for its deadlock_timeout first, which is
 * metrics-consumer's, and ends its transaction (40P01).
 */
export async function deadlock(system: System, enough: () => boolean): Promise<void> {
  const [rival, observer] = [new Client(system.databaseUrl), new Client(system.databaseUrl)];
  await Promise.all([rival.connect(), observer.connect()]);
  try {
    await rival.query(`SET deadlock_timeout = '10min'`);
    const { rows } = await rival.query<{ pid: number; last: number }>(
      'SELECT pg_backend_pid() AS pid, max(partition) AS last FROM metrics.ledger',
    );
    const [{ pid, last }] = rows as [{ pid: number; last: number }];
    const isWaitedFor = async (): Promise<boolean> =>
      (await observer.query('SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [pid])).rowCount !==
      0;
    const round = async (): Promise<boolean> => {
      await rival.query('BEGIN');
      await rival.query('SELECT FROM metrics.ledger WHERE partition = $1 FOR UPDATE', [last]);
      await eventually(isWaitedFor, Boolean, { timeoutMs: 60_000, intervalMs: 10 });
      await rival.query('SELECT FROM metrics.ledger WHERE partition < $1 FOR UPDATE', [last]);
      await rival.query('COMMIT');
      return enough();
    };
    await eventually(round, Boolean, { timeoutMs: 60_000, intervalMs: 10 });
  } finally {
    await Promise.all([rival.end(), observer.end()]);
  }
}

function superuser(): Client {
  const client = new Client({ connectionString: engines().postgres.url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the server may be killed while we are in it
  return client;
}

/** Goes by shape: Jest's errors are of another realm. */
function sqlStateOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : null;
}
