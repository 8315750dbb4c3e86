import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Reaper } from '@weir/local-stack';

/** However the bench ends, no program that it started outlives it. */
let reaper: Reaper | null = null;

/** A program that runs until it is ended. */
export function started(program: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return watched(spawn(program, args, { stdio: 'inherit', detached: true, env: { ...process.env, ...env } }));
}

/** Ends a child, and resolves once it has ended. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** A child that is the first of a process group of its own, which is what the reaper ends. */
function watched<T extends ChildProcess>(child: T): T {
  const { pid } = child;
  if (pid === undefined) return child; // its error says why
  reaper ??= new Reaper();
  reaper.watch(pid, 'SIGTERM');
  child.once('exit', () => reaper?.forget(pid));
  return child;
}

/** Has a process group ended with the bench, or no longer where it has ended itself. */
export function outlivedBy(pid: number, runs = true): void {
  reaper ??= new Reaper();
  if (runs) reaper.watch(pid, 'SIGTERM');
  else reaper.forget(pid);
}

/** What a program writes until it ends. Rejects where it cannot be started or ends with another code than 0. */
export function outputOf(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = watched(
      spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true, env: { ...process.env, ...env } }),
    );
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      code === 0 ? resolve(output) : reject(new Error(`${program} ended by ${signal ?? `code ${code}`}\n${output}`)),
    );
  });
}

/**
 * A program of src/limits as a process of its own, as Weir's apps are. It is told by environment what never changes, by message the work
 * of each round, and answers each.
 */
export class LimitProgram<Work extends object, Done> {
  private readonly child: ChildProcess;

  private constructor(
    private readonly name: string,
    env: Readonly<Record<string, string>>,
  ) {
    const file = fileURLToPath(new URL(`limits/${name}.ts`, import.meta.url));
    this.child = watched(fork(file, { detached: true, env: { ...process.env, ...env } }));
  }

  /** Resolves once it says that it is ready. */
  static async start<Work extends object, Done>(
    name: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<LimitProgram<Work, Done> & { readonly pid: number }> {
    const program = new LimitProgram<Work, Done>(name, env);
    await program.answer();
    return program;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} was not started.`);
    return this.child.pid;
  }

  async run(work: Work): Promise<Done> {
    const answer = this.answer();
    this.child.send(work);
    return answer;
  }

  async end(): Promise<void> {
    await ended(this.child);
  }

  private answer(): Promise<Done> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`${this.name} ended with ${code}`));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        this.child.off('exit', onExit);
        resolve(message as Done);
      });
    });
  }
}
