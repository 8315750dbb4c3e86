import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { Client } from 'pg';

import { StackSetupError } from '../errors.js';
import type { StackHome } from '../home.js';
import { HOST } from '../ports.js';
import type { Reaper } from '../reaper.js';
import { runCommand } from '../run-command.js';
import type { Service } from '../service.js';
import { canReach, existingParent, unprivilegedUser, type UnprivilegedUser } from '../unprivileged-user.js';
import { postgresBinaries, publicDirectories } from './postgres-binaries.js';

const POSTGRES_VERSION = '18.4';
const SUPERUSER = 'weir';

export interface PostgresSetup {
  readonly home: StackHome;
  readonly port: number;
  readonly reaper: Reaper;
  /** False, for tests: a crash of the whole machine may lose data, and commits do not wait for the disk. */
  readonly durable: boolean;
}

/** A superuser's connection to `database`. */
export function postgresUrl(home: StackHome, port: number, database = 'postgres'): string {
  return `postgres://${SUPERUSER}:${home.secret('postgres.superuser')}@${HOST}:${port}/${database}`;
}

/** PostgreSQL from the binaries of the npm package; as root it runs as another user, since it refuses to be root. */
export function postgresService(setup: PostgresSetup): Service {
  const { home, port } = setup;
  const link = home.data('postgres');
  const user = unprivilegedUser(link);
  let binaries = '';
  return {
    name: 'postgres',
    title: `PostgreSQL ${POSTGRES_VERSION}`,
    address: `${HOST}:${port}`,
    ports: [port],
    logFile: home.log('postgres'),
    readyTimeoutMs: 60_000,
    prepare: async (signal) => {
      binaries = await postgresBinaries(user);
      const data = dataDirectory(home, user);
      if (!existsSync(join(data, 'PG_VERSION'))) await initialise(setup, { binaries, data, user, signal });
    },
    command: () => ({
      file: join(binaries, 'bin', 'postgres'),
      args: ['-D', realpathSync(link), ...settings(port, setup.durable).flatMap((setting) => ['-c', setting])],
      cwd: realpathSync(link),
      ...identity(user),
      stopSignal: 'SIGINT', // "fast": ends sessions instead of waiting for them
      stopTimeoutMs: 10_000,
    }),
    probe: () => probePostgres(postgresUrl(home, port)),
  };
}

/** Resolves where the server answers a query. */
export async function probePostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  client.on('error', () => undefined); // a connection that breaks while idle; the query says what matters
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

/** Deletes the data of a home, which may lie outside of it. */
export function forgetPostgres(home: StackHome): void {
  const link = home.data('postgres');
  if (!existsSync(link)) return;
  const outside = lstatSync(link).isSymbolicLink();
  rmSync(outside ? dirname(realpathSync(link)) : link, { recursive: true, force: true, maxRetries: 5 });
  if (outside) rmSync(link, { force: true });
}

function settings(port: number, durable: boolean): string[] {
  return [
    `port=${port}`,
    `listen_addresses=${HOST}`,
    'unix_socket_directories=', // nothing outside of WEIR_HOME
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    'shared_buffers=128MB',
    'max_wal_size=1GB',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
  ];
}

function identity(user: UnprivilegedUser | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}

/**
 * Where the data lies: in WEIR_HOME, unless the server's user cannot reach that (a clone under /root); then in a
 * public directory, closed to all others, with a link in WEIR_HOME that leads there.
 */
function dataDirectory(home: StackHome, user: UnprivilegedUser | null): string {
  const link = home.data('postgres');
  if (existsSync(link)) return realpathSync(link);
  if (user === null || canReach(user, dirname(link))) return link;
  const name = createHash('sha256').update(home.directory).digest('hex').slice(0, 16);
  for (const place of publicDirectories()) {
    if (!canReach(user, existingParent(join(place, 'data')))) continue;
    const parent = join(place, 'data', name);
    mkdirSync(parent, { recursive: true });
    for (const directory of [place, dirname(parent), parent]) chmodSync(directory, 0o755);
    rmSync(link, { force: true }); // one that leads nowhere
    symlinkSync(join(parent, 'postgres'), link);
    return join(parent, 'postgres');
  }
  throw new StackSetupError(
    `PostgreSQL runs as ${user.name}, who can reach none of ${publicDirectories().join(', ')}.`,
  );
}

interface Initialisation {
  readonly binaries: string;
  readonly data: string;
  readonly user: UnprivilegedUser | null;
  readonly signal: AbortSignal;
}

/** initdb into a draft that is renamed at the end: one that was killed leaves nothing that looks like a database. */
async function initialise({ home, reaper, durable }: PostgresSetup, { binaries, data, user, signal }: Initialisation) {
  const draft = mkdtempSync(`${data}-`);
  const passwordFile = join(draft, 'password');
  const cluster = join(draft, 'data');
  try {
    mkdirSync(cluster, { mode: 0o700 });
    writeFileSync(passwordFile, home.secret('postgres.superuser'), { mode: 0o600 });
    if (user !== null) for (const path of [draft, cluster, passwordFile]) chownSync(path, user.uid, user.gid);
    const args = [`--pgdata=${cluster}`, `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, ...INITDB];
    if (!durable) args.push('--no-sync');
    const command = { file: join(binaries, 'bin', 'initdb'), args, cwd: draft, ...identity(user) };
    await runCommand({
      service: 'postgres',
      purpose: 'create its data directory',
      command,
      logFile: home.log('postgres'),
      reaper,
      signal,
    });
    rmSync(data, { recursive: true, force: true });
    renameSync(cluster, data);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The same on every machine, whatever its locales. */
const INITDB = [
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--data-checksums',
];
