import { ServiceFailedError } from './errors.js';
import { ManagedProcess } from './managed-process.js';
import type { Reaper } from './reaper.js';
import type { Command } from './service.js';

export interface CommandRun {
  /** Whom the error speaks of. */
  readonly service: string;
  /** What the command is for: `format its storage`. */
  readonly purpose: string;
  readonly command: Command;
  readonly logFile: string;
  readonly reaper: Reaper;
  readonly signal: AbortSignal;
}

/** Runs a command to its end; rejects with ServiceFailedError where that is not exit code 0. It dies with `signal`. */
export async function runCommand({ service, purpose, command, logFile, reaper, signal }: CommandRun): Promise<void> {
  signal.throwIfAborted();
  const child = new ManagedProcess(command, logFile, reaper);
  const abort = (): void => child.kill();
  signal.addEventListener('abort', abort, { once: true });
  const how = await child.exited;
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  if (how !== 'exit code 0')
    throw new ServiceFailedError(service, `could not ${purpose} (${how})`, logFile, child.lastWords());
}
