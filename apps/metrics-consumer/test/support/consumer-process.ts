import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { eventually } from '@weir/testing';

/** metrics-consumer as a process of its own, that can be killed, and started again as a supervisor would. */
export class ConsumerProcess {
  private child: ChildProcess | null = null;
  private readonly lines: string[] = [];

  constructor(private readonly env: Readonly<Record<string, string>>) {}

  /** Resolves once it takes records. */
  async start(): Promise<void> {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const loader = ['--conditions=@weir/source', '--import', '@weir/jest-preset/run-source'];
    const child = spawn(process.execPath, [...loader, main], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...this.env },
    });
    this.lines.length = 0;
    createInterface(child.stdout).on('line', (line) => this.lines.push(line));
    this.child = child;
    try {
      const state = await eventually(
        () => this.state(),
        (seen) => seen !== 'starting',
        { timeoutMs: 180_000, intervalMs: 200 },
      );
      if (state === 'ended') throw new Error('it has ended');
    } catch (error) {
      throw new Error(`metrics-consumer did not become ready:\n${this.lines.join('\n')}`, { cause: error });
    }
  }

  /** Without a word. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'close');
    child.kill('SIGKILL');
    await exit;
  }

  private async state(): Promise<'starting' | 'ready' | 'ended'> {
    if (this.child?.exitCode !== null) return 'ended';
    const url = /"url":"([^"]+)"/.exec(this.lines.find((line) => line.includes('is running')) ?? '')?.[1];
    const ready = url !== undefined && (await fetch(`${url}/health/ready`)).status === 200;
    return ready ? 'ready' : 'starting';
  }
}
