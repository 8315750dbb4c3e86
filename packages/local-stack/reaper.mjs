/**
 * Ends what a starter left behind.
 *
 * The starter holds the other end of this process's standard input and tells it, line by line, which process groups
 * it started. However the starter ends, `kill -9` included, the kernel closes that pipe: then every group still
 * on the list is asked to stop, and killed if it does not.
 *
 * Lines, their parts divided by tabs: `watch <pid> <signal that asks it to stop>`, `forget <pid>`, `remove <directory>`
 * (deleted at the very end).
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const GRACE_MS = 8_000;

/** @type {Map<number, string>} */
const watched = new Map();
/** @type {Set<string>} */
const directories = new Set();

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [order, subject = '', signal = 'SIGTERM'] = line.split('\t');
  if (order === 'watch') watched.set(Number(subject), signal);
  if (order === 'forget') watched.delete(Number(subject));
  if (order === 'remove') directories.add(subject);
}

/** @param {number} pid @param {string | 0} signal @returns {boolean} whether the group is there */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false; // ESRCH: the group has gone
  }
}

for (const [pid, signal] of watched) signalGroup(pid, signal);
const deadline = Date.now() + GRACE_MS;
const remaining = () => [...watched.keys()].filter((pid) => signalGroup(pid, 0));
while (remaining().length > 0 && Date.now() < deadline) await wait(50);
for (const pid of remaining()) signalGroup(pid, 'SIGKILL');
for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
