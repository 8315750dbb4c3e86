import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { meaningfulTail, sizeOf } from './log-tail.js';
import type { Reaper } from './reaper.js';
import type { Command } from './service.js';

const DEFAULT_STOP_TIMEOUT_MS = 15_000;

/**
 * A running process in a group of its own, its output in a file.
 *
 * It is watched by the reaper from its first moment until it has ended. Ctrl-C in the terminal does not reach it: the
 * supervisor alone decides the order of stopping.
 */
export class ManagedProcess {
  readonly exited: Promise<string>;
  private readonly child: ChildProcess;
  private readonly logStart: number;
  private ended = false;

  constructor(
    private readonly command: Command,
    private readonly logFile: string,
    private readonly reaper: Reaper,
  ) {
    this.logStart = sizeOf(logFile);
    const log = openSync(logFile, 'a', 0o600);
    try {
      this.child = spawn(command.file, command.args, {
        detached: true,
        stdio: ['ignore', log, log],
        env: { ...process.env, ...command.env },
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        ...(command.uid === undefined ? {} : { uid: command.uid }),
        ...(command.gid === undefined ? {} : { gid: command.gid }),
      });
    } finally {
      closeSync(log);
    }
    if (this.child.pid !== undefined) reaper.watch(this.child.pid, this.stopSignal);
    this.exited = this.watchExit();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get running(): boolean {
    return !this.ended;
  }

  /** What it wrote last since it started, for an error message. */
  lastWords(): string[] {
    return meaningfulTail(this.logFile, { from: this.logStart });
  }

  /** Asks it to stop, kills its whole group where it does not within its time, and resolves once it has ended. */
  async stop(): Promise<void> {
    this.signal(this.stopSignal);
    const giveUp = new AbortController();
    const timeout = wait(this.command.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS, 'timeout', { signal: giveUp.signal });
    const first = await Promise.race([this.exited, timeout.catch(() => 'aborted')]);
    giveUp.abort();
    if (first === 'timeout') this.kill();
    await this.exited;
  }

  /** Ends the whole group at once. */
  kill(): void {
    this.signal('SIGKILL');
  }

  private get stopSignal(): NodeJS.Signals {
    return this.command.stopSignal ?? 'SIGTERM';
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.ended || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      this.child.kill(signal); // the group is not there yet, or no more
    }
  }

  private watchExit(): Promise<string> {
    return new Promise((resolve) => {
      const end = (how: string): void => {
        this.ended = true;
        if (this.child.pid !== undefined) this.reaper.forget(this.child.pid);
        resolve(how);
      };
      this.child.once('error', (error) => end(error.message));
      this.child.once('exit', (code, signal) =>
        end(signal === null ? `exit code ${code ?? '?'}` : `killed by ${signal}`),
      );
    });
  }
}
