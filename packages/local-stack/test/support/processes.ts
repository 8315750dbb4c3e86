import { setTimeout as wait } from 'node:timers/promises';

import { identify } from '../../src/process-identity.js';

/** Whether a process with this id runs; one that ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== null;
}

/** Waits until `holds`; rejects after ten seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Not within 10 s: ${holds.toString()}`);
    await wait(20);
  }
}
