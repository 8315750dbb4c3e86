/**
 * `npm run bench`: measures the stages of Weir against their limits on this machine.
 *
 * Some six minutes; `npm run bench -- --full` longer and steadier, with stages that otherwise run only where they are named;
 * `npm run bench -- --list` tells them all. Weir runs as it is built.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { bootstrap } from './bootstrap.mjs';
import { exitOf, runLogged, runMain, SetupError } from './console.mjs';
import { logOf, repository, stackDirectory } from './places.mjs';
import { ensureLoadGenerator, output } from './system-packages.mjs';

/** @param {string} line */
const onLine = (line) => console.log(line);

await runMain(async () => {
  const env = await bootstrap({ java: true, build: null, onLine });
  await ensureLoadGenerator({ onLine });
  if (process.argv.includes('--peers')) env['BENCH_REDPANDA_CONNECT'] = await redpandaConnect();
  const loader = pathToFileURL(join(repository, 'packages/jest-preset/run-source.js')).href;
  const bench = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--conditions=@weir/source',
      '--import',
      loader,
      join(repository, 'bench/src/main.ts'),
      ...process.argv.slice(2),
    ],
    { cwd: repository, env, stdio: 'inherit' },
  );
  process.on('SIGINT', () => undefined); // the bench has it too, and is waited for
  process.on('SIGTERM', () => bench.kill('SIGTERM'));
  const how = await exitOf(bench);
  return how === null ? 0 : 1;
});

/** Builds the peer, for which Go has to be there; it keeps what it fetched and compiled. @returns {Promise<string>} the program */
async function redpandaConnect() {
  if (output('go', ['version']) === null)
    throw new SetupError('--peers builds Redpanda Connect, for which it takes Go 1.24 or newer: https://go.dev/dl');
  const program = join(stackDirectory, 'peers', 'redpanda-connect');
  const cwd = join(repository, 'bench/peers/redpanda-connect');
  await runLogged('Building Redpanda Connect', ['go', 'build', '-trimpath', '-o', program, '.'], {
    cwd,
    log: logOf('peers'),
    onLine,
  });
  return program;
}
