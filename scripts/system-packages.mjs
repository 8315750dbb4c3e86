/** What this machine has, and installing what it lacks where that may be done: as root on Debian and its kin. */
import { spawnSync } from 'node:child_process';

import { runLogged, SetupError } from './console.mjs';
import { logOf, repository } from './places.mjs';

/** @typedef {{ onLine: (line: string) => void }} Options */

/** Headers that the native Kafka client is compiled against, under Debian's names. */
const CLIENT_HEADERS = [
  'libssl-dev',
  'zlib1g-dev',
  'libzstd-dev',
  'libcurl4-openssl-dev',
  'libsasl2-dev',
  'liblz4-dev',
];
const OLDEST_JAVA = 17;

/** @param {string} program @param {string[]} args @returns {string | null} its output; null where it is not there or fails */
export function output(program, args = ['--version']) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout + stderr : null;
}

/** Whether it is there, without running it: Maven takes its time to say its version. @param {string} program */
function isProgram(program) {
  return output('sh', ['-c', `command -v ${program}`]) !== null;
}

/**
 * Java and Maven, which Kafka and the schema registry need.
 *
 * @param {Options} options
 */
export async function ensureJava(options) {
  const missing = [];
  if (javaVersion() < OLDEST_JAVA)
    missing.push(firstAvailable(['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'default-jre-headless']));
  if (!isProgram('mvn')) missing.push(() => 'maven');
  await installMissing(`Java ${OLDEST_JAVA} or newer, and Maven`, missing, 'brew install openjdk maven', options);
  if (javaVersion() < OLDEST_JAVA)
    throw new SetupError(`The \`java\` found first is older than ${OLDEST_JAVA}: set JAVA_HOME to a newer one.`);
}

/** Whether all is there that the native Kafka client is compiled with. */
export function hasClientBuildTools() {
  return missingClientBuildTools().length === 0;
}

/**
 * What the native Kafka client is compiled with, where no binary of it is to be had for this machine.
 *
 * @param {Options} options
 */
export async function ensureClientBuildTools(options) {
  const missing = missingClientBuildTools().map((name) => () => name);
  await installMissing(
    'What the native Kafka client is compiled with',
    missing,
    'brew install openssl zstd lz4 cyrus-sasl curl',
    options,
  );
}

/**
 * wrk, which the benches load ingest-api with.
 *
 * @param {Options} options
 */
export async function ensureLoadGenerator(options) {
  if (isProgram('wrk')) return;
  await installMissing('What the benches load Weir with', [() => 'wrk'], 'brew install wrk', options);
}

/**
 * Spin and the compiler that it needs, which only `npm run models` uses: where they may not be installed that is no failure.
 *
 * @param {Options} options
 * @returns {Promise<string | null>} why they are not there; null where they are
 */
export async function ensureModelChecker(options) {
  const missing = Object.entries({ spin: '-V', gcc: '--version' }).flatMap(([program, asked]) =>
    output(program, [asked]) === null ? [() => program] : [],
  );
  try {
    await installMissing('What explores the models', missing, 'brew install spin gcc', options);
    return null;
  } catch (error) {
    if (error instanceof SetupError) return error.message;
    throw error;
  }
}

function missingClientBuildTools() {
  const tools = { 'g++': 'g++', make: 'make', python3: 'python3' };
  const missing = Object.entries(tools).flatMap(([program, name]) => (output(program) === null ? [name] : []));
  const headers = output('dpkg') === null ? [] : CLIENT_HEADERS.filter((name) => !isInstalled(name));
  return [...missing, ...headers];
}

/** @param {string} name */
function isInstalled(name) {
  return output('dpkg-query', ['-W', '-f=${db:Status-Abbrev}', name])?.startsWith('ii') === true;
}

/** @returns {number} 0 where there is none */
function javaVersion() {
  const home = process.env['JAVA_HOME'];
  const said = (home ? output(`${home}/bin/java`, ['-version']) : null) ?? output('java', ['-version']);
  return Number(/version "(\d+)/u.exec(said ?? '')?.[1] ?? 0);
}

/** Decided only once the package lists are there. @param {string[]} names */
function firstAvailable(names) {
  return () =>
    names.find((name) => /Candidate: \d/u.test(output('apt-cache', ['policy', name]) ?? '')) ?? names[0] ?? '';
}

/**
 * @param {string} what
 * @param {(() => string)[]} names
 * @param {string} homebrew
 * @param {Options} options
 */
async function installMissing(what, names, homebrew, { onLine }) {
  if (names.length === 0) return;
  const debian = output('apt-get') !== null;
  if (!debian || process.getuid?.() !== 0) {
    const list = names.map((name) => name()).join(' ');
    const command = process.platform === 'darwin' ? homebrew : debian ? `sudo apt-get install -y ${list}` : null;
    throw new SetupError(
      `${what}: not on this machine. ${command === null ? `Install what Debian calls ${list}` : `Type: ${command}`}`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { cwd: repository, env, log: logOf('bootstrap'), onLine };
  await runLogged('Reading the lists of system packages', ['apt-get', 'update'], options);
  const list = names.map((name) => name());
  await runLogged(
    `Installing ${list.join(', ')}`,
    ['apt-get', 'install', '-y', '--no-install-recommends', ...list],
    options,
  );
}
