// Boots every built app under plain Node, with nothing to talk to, and sees it serve liveness and metrics and end cleanly.
// Jest's module system is laxer than Node's: an import that only Jest accepts fails here.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const BOOT_MS = 30_000;

/** @returns {Promise<number>} a port that was free a moment ago */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** @param {string} url */
const answers = async (url) => {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // not listening yet
  }
};

/** @param {string} app */
async function boot(app) {
  const port = await freePort();
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/bundle/main.js'], {
    cwd: `${root}/apps/${app}`,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      KAFKA_ENABLED: 'false',
      KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
      DATABASE_URL: 'postgres://weir:weir@127.0.0.1:1/weir',
    },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  /** @type {Promise<string | number | null>} */
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  let up = false;
  for (const deadline = Date.now() + BOOT_MS; Date.now() < deadline && child.exitCode === null && !up; await wait(100))
    up = (await answers(`http://127.0.0.1:${port}/health/live`)) && (await answers(`http://127.0.0.1:${port}/metrics`));
  if (child.exitCode === null) child.kill('SIGTERM');
  const overdue = setTimeout(() => child.kill('SIGKILL'), BOOT_MS);
  const status = await ended;
  clearTimeout(overdue);
  const ok = up && status === 0;
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${app}: ${up ? 'served liveness and metrics' : 'never served'}, ended with ${status}`,
  );
  if (!ok) console.log(output.split('\n').slice(-40).join('\n'));
  return ok;
}

const apps = readdirSync(`${root}/apps`).filter((app) => existsSync(`${root}/apps/${app}/package.json`));
const verdicts = await Promise.all(apps.map(boot));
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
