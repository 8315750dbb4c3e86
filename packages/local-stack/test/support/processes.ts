import { setTimeout as wait } from 'node:timers/promises';

import { identify } from '../../src/process-identity.js';

/** Whether a process with this id runs; one that ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== null;
}

/** Waits until `holds`; rejects after forty seconds unless told otherwise. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 40_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs / 1_000} s: ${holds.toString()}`);
    await wait(20);
  }
}
