import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../reaper.mjs', import.meta.url));

/**
 * A small process that outlives this one by seconds, to end what this one started (see reaper.mjs).
 *
 * Guarantee: however this process ends, every process group that is being watched is stopped, and every directory
 * given to `remove` is deleted.
 */
export class Reaper {
  private readonly child: ChildProcess;

  constructor() {
    this.child = spawn(process.execPath, [PROGRAM], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.child.stdin?.on('error', () => undefined); // EPIPE: it was killed; orderly stopping does not need it
    this.child.unref();
  }

  /** The id of the process group that this reaper is. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  watch(pid: number, signal: NodeJS.Signals): void {
    this.tell('watch', pid, signal);
  }

  forget(pid: number): void {
    this.tell('forget', pid);
  }

  remove(directory: string): void {
    this.tell('remove', directory);
  }

  /** Lets it go: what it still watches is ended, then it ends itself. Resolves once it has. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.ref();
    const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.stdin?.end();
    await gone;
  }

  private tell(...order: readonly (string | number)[]): void {
    this.child.stdin?.write(`${order.join('\t')}\n`);
  }
}
