import { Client } from 'pg';

import { engines } from './engines.js';
import { uniqueName } from './names.js';

export interface FreshDatabase {
  /** A superuser's connection to it. */
  readonly url: string;
  readonly name: string;
  /** Deletes it, ending the sessions that are still in it. */
  drop(): Promise<void>;
}

/** Creates an empty database of its own on the PostgreSQL of this test run. */
export async function freshDatabase(prefix = 'test'): Promise<FreshDatabase> {
  const name = uniqueName(prefix).replaceAll('-', '_');
  await asSuperuser((client) => client.query(`CREATE DATABASE "${name}"`));
  const url = new URL(engines().postgres.url);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    drop: () => asSuperuser((client) => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)),
  };
}

async function asSuperuser(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: engines().postgres.url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
