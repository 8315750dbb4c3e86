import { chmodSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { forgetPostgres, freePorts, Reaper, StackHome, startEngines, Supervisor } from '@weir/local-stack';

import type { EngineOptions, RunningEngines } from './engines-of-run.js';

/** Deaths are what a fault test is about: it is brought back always, and late enough to be missed. */
const FAULTS_RESTART = { maxDeaths: 1_000, windowMs: 1, firstBackoffMs: 3_000 };

/**
 * Starts engines for one run of tests on this machine: on free ports, with data that is deleted at the end.
 *
 * However this process ends, the engines end with it.
 */
export async function startLocalEngines(
  onLine: (text: string) => void,
  { brokers = 1, faults = false, secured = false, durable = false }: EngineOptions = {},
): Promise<RunningEngines> {
  const home = new StackHome(mkdtempSync(join(tmpdir(), 'weir-test-')));
  chmodSync(home.directory, 0o755); // PostgreSQL's user passes through
  home.prepare();
  const reaper = new Reaper();
  reaper.remove(home.directory);
  const processesFile = home.data('processes');
  const onChange = (): void => {
    // Whole at any moment: tests of other processes read it.
    writeFileSync(
      `${processesFile}.next`,
      supervisor
        .processes()
        .map(({ name, pid }) => `${name} ${pid}\n`)
        .join(''),
    );
    renameSync(`${processesFile}.next`, processesFile);
  };
  const supervisor: Supervisor = new Supervisor({
    reaper,
    onLine,
    ...(faults ? { onChange, restart: FAULTS_RESTART } : {}),
  });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    forgetPostgres(home);
    await reaper.close(); // deletes the rest
  };
  try {
    const signal = new AbortController().signal;
    const addresses = await startEngines({
      home,
      ports: await freePorts(brokers, { secured }),
      reaper,
      supervisor,
      signal,
      onLine,
      durable,
    });
    return { addresses, stop, ...(faults ? { processesFile } : {}) };
  } catch (error) {
    await stop();
    throw error;
  }
}
