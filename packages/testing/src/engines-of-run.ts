import type { Engines } from './engines.js';

/** Engines that were started for one run of tests. */
export interface RunningEngines {
  readonly addresses: Engines;
  stop(): Promise<void>;
}

let running: RunningEngines | null = null;

/**
 * Starts the engines of a run of tests and tells `engines()`, in this process and in those it starts, where they are.
 *
 * Where `WEIR_TEST_ENGINES` is set those are used and nothing is started. `WEIR_ENGINES=docker` takes them from
 * containers; otherwise they run as processes of this machine.
 */
export async function startTestEngines(onLine: (text: string) => void): Promise<void> {
  if (process.env['WEIR_TEST_ENGINES'] !== undefined) return;
  running = process.env['WEIR_ENGINES'] === 'docker' ? await fromDocker() : await fromThisMachine(onLine);
  process.env['WEIR_TEST_ENGINES'] = JSON.stringify(running.addresses);
}

/** Ends what `startTestEngines` started, and deletes its data. */
export async function stopTestEngines(): Promise<void> {
  await running?.stop();
  running = null;
}

// Loaded only where used: testcontainers alone takes most of a second.
async function fromDocker(): Promise<RunningEngines> {
  const { startDockerEngines } = await import('./docker-engines.js');
  return startDockerEngines();
}

async function fromThisMachine(onLine: (text: string) => void): Promise<RunningEngines> {
  const { startLocalEngines } = await import('./local-engines.js');
  return startLocalEngines(onLine);
}
