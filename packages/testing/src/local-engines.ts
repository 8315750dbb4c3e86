import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { forgetPostgres, freePorts, Reaper, StackHome, startEngines, Supervisor } from '@weir/local-stack';

import type { RunningEngines } from './engines-of-run.js';

/**
 * Starts engines for one run of tests on this machine: on free ports, with data that is deleted at the end.
 *
 * However this process ends, the engines end with it.
 */
export async function startLocalEngines(onLine: (text: string) => void): Promise<RunningEngines> {
  const home = new StackHome(mkdtempSync(join(tmpdir(), 'weir-test-')));
  chmodSync(home.directory, 0o755); // PostgreSQL's user passes through
  home.prepare();
  const reaper = new Reaper();
  reaper.remove(home.directory);
  const supervisor = new Supervisor({ reaper, onLine });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    forgetPostgres(home);
    await reaper.close(); // deletes the rest
  };
  try {
    const signal = new AbortController().signal;
    const addresses = await startEngines({
      home,
      ports: await freePorts(1),
      reaper,
      supervisor,
      signal,
      onLine,
      durable: false,
    });
    return { addresses, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
