/**
 * `npm start`: makes the clone ready, starts engines, apps and the demo, and says how to use them.
 *
 *   --detach      return once all is ready; `npm stop` ends it
 *   --fresh       forget the data first
 *   --brokers 3   three Kafka brokers instead of one
 *   --no-apps     the engines alone
 *   --secured     the apps reach Kafka by SASL_SSL, each as a user that may do no more than it needs
 *   --with prometheus   Prometheus with the rules of deploy/prometheus, and Alertmanager
 *
 * WEIR_HOME (.weir) holds the data, WEIR_PORT_OFFSET (0) moves every port.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bootstrap } from './bootstrap.mjs';
import { runMain } from './console.mjs';
import { readArguments } from './options.mjs';
import { logOf, repository } from './places.mjs';

const BACKGROUND = fileURLToPath(new URL('background.mjs', import.meta.url));

/** @typedef {import('./options.mjs').StackOptions} StackOptions */

await runMain(async () => {
  const { detach, ...options } = readArguments();
  const environment = await bootstrap({
    java: true,
    build: options.apps ? null : ['@weir/local-stack'],
    onLine: (line) => console.log(line),
  });
  return detach ? startDetached(environment) : startHere(options);
});

/** Until Ctrl-C. @param {StackOptions} options */
async function startHere(options) {
  const { supervise } = await import('./supervise.mjs');
  return supervise(options, (line) => console.log(line));
}

/**
 * Leaves the stack to a process of its own, and says what that one says until all is ready.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} exit code
 */
function startDetached(env) {
  const log = logOf('stack');
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a', 0o600);
  const child = spawn(process.execPath, [BACKGROUND, ...process.argv.slice(2)], {
    cwd: repository,
    env,
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  const abort = () => void child.kill('SIGTERM'); // it stops in order, and its end is waited for below
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, abort);
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'string') return console.log(message);
      console.log(`\nIt runs in the background. \`npm stop\` ends it; its log is ${log}`);
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
