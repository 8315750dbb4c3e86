import { readFileSync } from 'node:fs';

import type { AppProcess } from '../../support/process.js';

/** What a process holds in memory now (proc(5), VmRSS). */
export function residentBytes({ name, pid }: AppProcess): number {
  const line = /VmRSS:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`${name} does not run`);
  return Number(line[1]) * 1024;
}
