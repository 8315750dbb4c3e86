import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/weir.mjs', import.meta.url));
const LIMIT_MS = 90_000;

/** How a command line of `weir` ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** On standard input; nothing unless given. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the command as Ctrl-C does, once its output satisfies this. */
  readonly interruptAfter?: (stdout: string) => boolean;
}

/** The built `weir` as a process of its own, away from any local stack. */
export class Weir {
  constructor(private readonly environment: Readonly<Record<string, string>>) {}

  run(args: readonly string[], { input = '', environment = {}, interruptAfter }: RunOptions = {}): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [PROGRAM, ...args], {
        cwd: tmpdir(),
        env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...this.environment, ...environment },
        timeout: LIMIT_MS,
      });
      const output = { stdout: '', stderr: '' };
      let interrupted = false;
      child.stdout.on('data', (chunk) => {
        output.stdout += String(chunk);
        // Once: a second one ends it where it stands.
        if (interrupted || interruptAfter?.(output.stdout) !== true) return;
        interrupted = child.kill('SIGINT');
      });
      child.stderr.on('data', (chunk) => {
        output.stderr += String(chunk);
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...output }));
      child.stdin.on('error', () => undefined); // who reads no input may be gone before it came
      child.stdin.end(input);
    });
  }

  /** The document of a command that has to succeed. */
  async json(...args: string[]): Promise<unknown> {
    const ended = await this.run([...args, '--json']);
    if (ended.code !== 0) throw new Error(`weir ${args.join(' ')}: ${ended.code} ${ended.stderr}`);
    return JSON.parse(ended.stdout);
  }
}
