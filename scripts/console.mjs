/**
 * What the root's scripts share with the terminal: errors for people, and children whose output goes to a log.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const HEARTBEAT_MS = 10_000;

/** Says what is wrong and what to do about it; printed without a stack. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/**
 * Runs a command with its output in `log`, telling the terminal that it goes on.
 *
 * @param {string} what in the progressive: `Installing the packages`
 * @param {readonly [string, ...string[]]} command
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, log: string, onLine: (line: string) => void }} options
 * @returns {Promise<void>} rejects with SetupError, the log's last lines in it, where the command fails
 */
export async function runLogged(what, [file, ...args], { cwd, env = process.env, log, onLine }) {
  mkdirSync(dirname(log), { recursive: true });
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const heartbeat = setInterval(() => onLine(`  … ${seconds()} s (${log})`), HEARTBEAT_MS);
  const descriptor = openSync(log, 'a', 0o600);
  writeSync(descriptor, `\n--- ${what}: ${[file, ...args].join(' ')}\n`);
  const start = fstatSync(descriptor).size;
  onLine(what);
  try {
    const how = await exitOf(spawn(file, args, { cwd, env, stdio: ['ignore', descriptor, descriptor] }));
    if (how !== null) throw new SetupError(`${what} failed (${how}):\n${tail(log, start)}\n    log: ${log}`);
  } finally {
    clearInterval(heartbeat);
    closeSync(descriptor);
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string | null>} null: exit code 0
 */
export function exitOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? null : `exit code ${code ?? signal}`));
  });
}

/** @param {string} log @param {number} start where this command's output begins */
function tail(log, start) {
  const lines = readFileSync(log).subarray(start).toString('utf8').split('\n');
  const said = lines.filter((line) => line.trim() !== '').slice(-12);
  return said.map((line) => `    ${line.slice(0, 300)}`).join('\n');
}

/**
 * Runs a script's main function: an error that is meant for people is printed as such, and the process exits with 1.
 *
 * @param {() => Promise<number>} main answers with the exit code
 * @param {(message: string) => void} [tell] who is told of the error besides
 */
export async function runMain(main, tell) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.exitCode = 1;
    console.error(isForPeople(error) ? `\n${error.message}` : error);
    tell?.(isForPeople(error) ? `\n${error.message}` : String(error));
  }
}

/** @param {unknown} error @returns {error is Error} */
function isForPeople(error) {
  const names = ['SetupError', 'ServiceFailedError', 'PortTakenError', 'StackSetupError'];
  return error instanceof Error && names.includes(error.name);
}
