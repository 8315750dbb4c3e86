import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { eventually } from '@weir/testing';

import type { ReplayTopics } from './replay-topics.js';
import { environmentOf } from './replayer-app.js';

/** dlq-replayer as a process of its own, that can be killed and frozen, and started again as a supervisor would. */
export class ReplayerProcess {
  private child: ChildProcess | null = null;
  private readonly lines: string[] = [];

  constructor(
    private readonly topics: ReplayTopics,
    private readonly group: string,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {}

  start(): this {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const loader = ['--conditions=@weir/source', '--import', '@weir/jest-preset/run-source'];
    const child = spawn(process.execPath, [...loader, main], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        ...environmentOf(this.topics, this.group),
        ...this.env,
      },
    });
    this.lines.length = 0;
    createInterface(child.stdout).on('line', (line) => this.lines.push(line));
    this.child = child;
    return this;
  }

  /** Resolves once it is a member that takes commands. */
  async ready(): Promise<this> {
    try {
      await eventually(() => this.isReady(), Boolean, { timeoutMs: 180_000, intervalMs: 200 });
    } catch (error) {
      throw new Error(`dlq-replayer did not become ready:\n${this.lines.join('\n')}`, { cause: error });
    }
    return this;
  }

  /** Whether it has logged such a line since it was started. */
  hasLogged(text: string): boolean {
    return this.lines.some((line) => line.includes(text));
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Without a word. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** As a deploy does. */
  terminate(): Promise<void> {
    return this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'close');
    child.kill(signal);
    await exit;
  }

  private async isReady(): Promise<boolean> {
    const url = /"url":"([^"]+)"/.exec(this.lines.find((line) => line.includes('is running')) ?? '')?.[1];
    return url !== undefined && (await fetch(`${url}/health/ready`)).status === 200;
  }
}
