/**
 * Makes a bare clone ready: what is missing on the machine, pnpm, the packages, and what is compiled of them.
 *
 * Runs on Node alone, before anything is installed. What is there already is not looked at twice: a later run takes a
 * fraction of a second.
 */
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { isCompiled, keepCompiled, stateOf } from './compiled.mjs';
import { runLogged, SetupError } from './console.mjs';
import { logOf, repository, userCache } from './places.mjs';
import { ensureClientBuildTools, ensureJava, hasClientBuildTools, output } from './system-packages.mjs';

const PNPM_VERSION = '10.34.9';
const CLIENT = '@confluentinc/kafka-javascript';
/** What librdkafka calls the features that Weir's settings may ask for. It is compiled without those whose headers are missing. */
const CLIENT_FEATURES = ['gzip', 'snappy', 'lz4', 'zstd', 'ssl', 'sasl_plain', 'sasl_scram'];

/** @typedef {{ onLine: (line: string) => void }} Options */

/**
 * @param {Options & { java: boolean, build: readonly string[] | null }} options `java`: the engines will be started
 *   here; `build`: the packages to compile with all that they need, null for every one
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for child processes, in which `pnpm` is found
 */
export async function bootstrap({ java, build, onLine }) {
  checkNode();
  return withLock(onLine, async () => {
    if (java) await ensureJava({ onLine });
    const env = buildEnvironment(await ensurePnpm({ onLine }));
    await installPackages(env, { onLine });
    await compile(env, build, { onLine });
    return env;
  });
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  throw new SetupError(`Node ${process.versions.node} is too old: Weir needs Node 20.19, 22.12, or newer.`);
}

/** pnpm of the pinned version, for us alone. @param {Options} options @returns {Promise<string>} where its program lies */
async function ensurePnpm({ onLine }) {
  const directory = join(userCache, `pnpm-${PNPM_VERSION}`);
  const programs = join(directory, 'node_modules', '.bin');
  if (existsSync(join(programs, 'pnpm'))) return programs;
  const draft = `${directory}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    const install = ['install', '--prefix', draft, '--no-audit', '--no-fund', `pnpm@${PNPM_VERSION}`];
    await runLogged(`Installing pnpm ${PNPM_VERSION}`, [...npm(), ...install], {
      cwd: draft,
      log: logOf('bootstrap'),
      onLine,
    });
    if (!existsSync(directory)) renameSync(draft, directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return programs;
}

/** The npm that runs us, else the one on the PATH. @returns {[string, ...string[]]} */
function npm() {
  const running = process.env['npm_execpath'];
  return running !== undefined && basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm'];
}

/** @param {string} pnpmPrograms @returns {NodeJS.ProcessEnv} */
function buildEnvironment(pnpmPrograms) {
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node', 'node_version.h'));
  return {
    ...process.env,
    PATH: [pnpmPrograms, process.env['PATH']].join(delimiter),
    CKJS_LINKING: 'dynamic', // else the client's build fetches the sources of every library that it links
    MAKEFLAGS: `-l${availableParallelism() * 2}`, // it asks make for as many jobs as there are files
    ...(headers && process.env['npm_config_nodedir'] === undefined ? { npm_config_nodedir: prefix } : {}),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  };
}

/** Installs the packages where the lockfile, or Node's binary interface, changed since that succeeded last. @param {NodeJS.ProcessEnv} env @param {Options} options */
async function installPackages(env, { onLine }) {
  const stamp = join(repository, 'node_modules', '.weir-installed');
  const wanted = installKey();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(stamp, { force: true });
  const run = { cwd: repository, env: { ...env, CI: 'true' }, log: logOf('bootstrap'), onLine }; // CI: never asks
  /** @param {string} what */
  const install = (what) =>
    runLogged(what, ['pnpm', 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'], run);
  const compilable = hasClientBuildTools();
  try {
    await install('Installing the packages');
  } catch (error) {
    if (compilable) throw error;
    onLine('  There is no binary of the native Kafka client for this machine; it is compiled.');
    await ensureClientBuildTools({ onLine });
    await install('Installing the packages, compiling the native Kafka client (a minute or two)');
  }
  if (!clientIsWhole()) {
    await ensureClientBuildTools({ onLine });
    const fromSource = { ...run, env: { ...run.env, npm_config_build_from_source: 'true' } };
    await runLogged(
      'Compiling the native Kafka client for this machine',
      ['pnpm', 'rebuild', '--pending=false', CLIENT, '-r'],
      fromSource,
    );
    if (!clientIsWhole())
      throw new SetupError(
        `The native Kafka client does not load in Node ${process.versions.node}, or lacks one of ${CLIENT_FEATURES.join(', ')}. Log: ${logOf('bootstrap')}`,
      );
  }
  writeFileSync(stamp, wanted);
}

function installKey() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(repository, file)));
  return `${hash.digest('hex')} ${process.platform}-${process.arch} ${process.versions.modules}\n`;
}

function clientIsWhole() {
  const path = join(repository, 'packages', 'kafka');
  const load = `console.log(require(require.resolve('${CLIENT}', { paths: ['${path}'] })).features.join('\\n'))`;
  const features = output(process.execPath, ['-e', load])?.split('\n') ?? [];
  return CLIENT_FEATURES.every((feature) => features.includes(feature));
}

/** Compiles what is not compiled as it stands. @param {NodeJS.ProcessEnv} env @param {readonly string[] | null} packages @param {Options} options */
async function compile(env, packages, { onLine }) {
  const before = stateOf(repository);
  if (isCompiled(repository, before)) return;
  const filters = (packages ?? []).map((name) => `--filter=${name}`);
  const turbo = join(repository, 'node_modules', '.bin', 'turbo');
  const command = /** @type {const} */ ([
    turbo,
    'run',
    'build',
    '--ui=stream',
    '--output-logs=errors-only',
    ...filters,
  ]);
  await runLogged('Compiling', command, { cwd: repository, env, log: logOf('build'), onLine });
  if (packages === null) keepCompiled(repository, before);
}

/**
 * One bootstrap at a time in a clone: `npm start` and `npm test` may be typed at once.
 *
 * @template T
 * @param {(line: string) => void} onLine
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withLock(onLine, work) {
  const lock = join(repository, '.weir-bootstrap.lock');
  let told = false;
  while (!takeLock(lock)) {
    if (!told) onLine('Waiting for another `npm start` or `npm test` to finish installing and compiling');
    told = true;
    await wait(300);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} lock @returns {boolean} */
function takeLock(lock) {
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, `${process.pid} ${startOf(process.pid)}`);
  try {
    linkSync(draft, lock);
    return true;
  } catch {
    if (!holderLives(lock)) rmSync(lock, { force: true });
    return false; // tried again
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @param {string} lock */
function holderLives(lock) {
  try {
    const [pid, start] = readFileSync(lock, 'utf8').split(' ');
    process.kill(Number(pid), 0);
    return startOf(Number(pid)) === start; // else another process that was given the same id later
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // there, and another user's
  }
}

/** When a process started, in ticks since boot (proc(5), field 22); empty where the system does not say. @param {number} pid */
function startOf(pid) {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) ? (readFileSync(file, 'utf8').split(') ')[1]?.split(' ')[19] ?? '') : '';
}
