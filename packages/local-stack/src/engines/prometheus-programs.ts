import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cachedDirectory, userCache } from '../cache.js';
import { messageOf } from '../caught.js';
import { StackSetupError } from '../errors.js';
import type { Reaper } from '../reaper.js';
import { runCommand } from '../run-command.js';

/** Prometheus, Alertmanager, and the tools that check what both are configured with. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
  readonly alertmanager: string;
  readonly amtool: string;
  /** Pages and templates, where they lie elsewhere than the programs look for them by themselves; null where they know. */
  readonly shared: { readonly web: string; readonly alertmanager: string } | null;
}

export interface FetchPrograms {
  readonly reaper: Reaper;
  readonly signal: AbortSignal;
  readonly logFile: string;
  readonly onLine?: (text: string) => void;
}

const SHARED = '/usr/share/prometheus';
const PACKAGES = ['prometheus', 'prometheus-alertmanager'];
/** The first that knows `keep_firing_for`. */
const OLDEST = [2, 42] as const;

/**
 * Prometheus and Alertmanager of this machine, else out of Debian's packages.
 *
 * Packages are fetched and unpacked into the user's cache: nothing is installed, no service is started, and it needs to be root only where
 * there are no lists of packages yet.
 *
 * @throws StackSetupError with one sentence on what to do where they are not to be had
 */
export async function prometheusPrograms(fetch: FetchPrograms): Promise<PrometheusPrograms> {
  const programs = installed() ?? (await unpacked(fetch));
  const version = versionOf(programs.prometheus);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new StackSetupError(
      `Prometheus ${version} (${programs.prometheus}) is too old: Weir's rules need ${OLDEST.join('.')} or newer on the PATH.`,
    );
  return programs;
}

/** Of the program, which tells of itself: `prometheus, version 2.42.0+ds (branch: …)`. */
export function versionOf(program: string): string {
  try {
    const said = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: process.env, // tests set it, and Node itself would look at another than theirs
    });
    return /version (\d+\.\d+\.\d+)/u.exec(said)?.[1] ?? '0';
  } catch {
    return '0'; // it is not there, or is not what it is called
  }
}

function installed(): PrometheusPrograms | null {
  const alertmanager = ['alertmanager', 'prometheus-alertmanager'].find((name) => versionOf(name) !== '0');
  const others = ['prometheus', 'promtool', 'amtool'].every((name) => versionOf(name) !== '0');
  if (alertmanager === undefined || !others) return null;
  return { prometheus: 'prometheus', promtool: 'promtool', alertmanager, amtool: 'amtool', shared: null };
}

async function unpacked(fetch: FetchPrograms): Promise<PrometheusPrograms> {
  const directory = await cachedDirectory(userCache(), `prometheus-debian-${process.arch}`, (draft) =>
    unpackPackages(draft, fetch),
  );
  const program = (name: string): string => join(directory, 'usr', 'bin', name);
  return {
    prometheus: program('prometheus'),
    promtool: program('promtool'),
    alertmanager: program('prometheus-alertmanager'),
    amtool: program('amtool'),
    shared: { web: join(directory, SHARED, 'web/'), alertmanager: join(directory, SHARED, 'alertmanager') },
  };
}

async function unpackPackages(draft: string, { onLine = () => undefined, ...fetch }: FetchPrograms): Promise<void> {
  const run = (purpose: string, file: string, args: readonly string[]): Promise<void> =>
    runCommand({ service: 'prometheus', purpose, command: { file, args, cwd: draft }, ...fetch });
  const download = (): Promise<void> => run('fetch its packages', 'apt-get', ['-qq', 'download', ...PACKAGES]);
  onLine('Fetching Prometheus and Alertmanager out of Debian (30 MB, only this once)');
  try {
    await download().catch(async (error: unknown) => {
      fetch.signal.throwIfAborted();
      if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw error;
      await run('read the lists of packages', 'apt-get', ['-qq', 'update']);
      await download();
    });
  } catch (error) {
    fetch.signal.throwIfAborted();
    throw new StackSetupError(`${howToInstall()} (${messageOf(error).split('\n')[0]}; log: ${fetch.logFile})`);
  }
  for (const file of readdirSync(draft).filter((name) => name.endsWith('.deb'))) {
    await run('unpack it', 'dpkg-deb', ['--extract', file, '.']);
    rmSync(join(draft, file));
  }
  useTemplatesOfWorkingDirectory(join(draft, 'usr', 'bin', 'prometheus-alertmanager'));
  for (const unneeded of ['etc', 'lib', 'var', 'usr/share/doc', 'usr/share/man'])
    rmSync(join(draft, unneeded), { recursive: true, force: true });
}

/** Debian's Alertmanager has the place of its templates built in and takes no other: one of the same length is put there. */
function useTemplatesOfWorkingDirectory(program: string): void {
  const builtIn = `${SHARED}/alertmanager`;
  const workingDirectory = '/proc/self/cwd'.padEnd(builtIn.length, '/.');
  writeFileSync(program, readFileSync(program, 'latin1').replaceAll(builtIn, workingDirectory), 'latin1');
}

function howToInstall(): string {
  const command =
    process.platform === 'darwin' ? 'brew install prometheus alertmanager' : `apt-get install ${PACKAGES.join(' ')}`;
  return `Prometheus and Alertmanager are not on this machine and could not be fetched out of Debian: type \`${command}\`, as root where that needs it.`;
}
