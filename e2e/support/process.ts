import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Reaper } from '@weir/local-stack';
import { eventually, uniqueName } from '@weir/testing';

/** How much of a log tells what went wrong last. */
const LAST_LINES = 25;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Whatever ends the tests, a kill included, no app outlives them by more than seconds. */
let reaper: Reaper | null = null;

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** One built app as a process of its own, as it runs in production. */
export class AppProcess {
  readonly url: string;
  readonly logFile: string;
  private child: ChildProcess | undefined;

  constructor(
    readonly name: string,
    private readonly port: number,
    readonly environment: Readonly<Record<string, string>>,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    // Of its own: an earlier run may have had the same port, and has left its log.
    this.logFile = join(tmpdir(), `weir-e2e-${uniqueName(name)}.log`);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    const log = createWriteStream(this.logFile, { flags: 'a' });
    const more = process.env['WEIR_NODE_ARGUMENTS']?.split(' ') ?? []; // such as those of a profiler
    const child = spawn(process.execPath, ['--enable-source-maps', ...more, 'dist/bundle/main.js'], {
      cwd: join(root, 'apps', this.name),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, which is what the reaper ends
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...this.environment, PORT: String(this.port) },
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const { pid } = child;
    if (pid !== undefined) {
      reaper ??= new Reaper();
      reaper.watch(pid, 'SIGTERM');
      child.once('exit', () => reaper?.forget(pid));
    }
    this.child = child;
  }

  /** Resolves once the app says that it may take work. */
  async ready(timeoutMs = 60_000): Promise<void> {
    await this.explaining(
      eventually(
        async () => (await fetch(`${this.url}/health/ready`)).status,
        (status) => status === 200,
        { timeoutMs },
      ),
    );
  }

  /** Where `work` rejects, so does this, with the end of the app's log: the file is gone with the machine that ran it. */
  async explaining<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const last = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
      throw new Error(`${String(error)}\nThe log of ${this.name} ends so:\n${last.join('\n')}`, { cause: error });
    }
  }

  /** Stops it where it stands, as a long pause of a virtual machine would. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Sends the signal and resolves with the exit code, or the signal that ended the process. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    const { child } = this;
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.signalCode ?? child.exitCode;
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
      child.once('exit', (code, by) => resolve(by ?? code)),
    );
    child.kill(signal);
    return ended;
  }
}
