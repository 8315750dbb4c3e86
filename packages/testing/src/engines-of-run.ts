import type { Engines } from './engines.js';

/** Engines that were started for one run of tests. */
export interface RunningEngines {
  readonly addresses: Engines;
  /** Names and process ids, where they may be taken away. */
  readonly processesFile?: string;
  stop(): Promise<void>;
}

/** What a run of tests wants other than usual. */
export interface EngineOptions {
  readonly brokers?: 1 | 3;
  /** Whether tests may kill and freeze engines (EngineProcess); only for those of this machine. */
  readonly faults?: boolean;
  /** Whether the brokers listen for SASL_SSL too; only for those of this machine. */
  readonly secured?: boolean;
  /** Whether PostgreSQL waits for its disk, as it does in production; tests do without. Only for that of this machine. */
  readonly durable?: boolean;
}

let running: RunningEngines | null = null;

/**
 * Starts the engines of a run of tests and tells `engines()`, in this process and in those it starts, where they are.
 *
 * Where `WEIR_TEST_ENGINES` is set those are used and nothing is started. `WEIR_ENGINES=docker` takes them from
 * containers; otherwise they run as processes of this machine.
 */
export async function startTestEngines(onLine: (text: string) => void, options: EngineOptions = {}): Promise<void> {
  if (process.env['WEIR_TEST_ENGINES'] !== undefined) return;
  running = process.env['WEIR_ENGINES'] === 'docker' ? await fromDocker() : await fromThisMachine(onLine, options);
  process.env['WEIR_TEST_ENGINES'] = JSON.stringify(running.addresses);
  if (running.processesFile !== undefined) process.env['WEIR_TEST_PROCESSES'] = running.processesFile;
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

async function fromThisMachine(onLine: (text: string) => void, options: EngineOptions): Promise<RunningEngines> {
  const { startLocalEngines } = await import('./local-engines.js');
  return startLocalEngines(onLine, options);
}
