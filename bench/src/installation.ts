import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type StackFile, StackHome, StackLock } from '@weir/local-stack';

import { outputOf, outlivedBy } from './programs.js';

/** An installation of `npm start` with data and ports of its own: every app, the engines, Redis and the host agent. */
export class Installation {
  private supervisor: number | null = null;

  private constructor(
    private readonly home: StackHome,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Resolves once it was started for the first time. */
  static async make(): Promise<Installation> {
    const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
    chmodSync(directory, 0o755); // PostgreSQL, which refuses to run as root, has to pass through
    // Below what tests listen on, and in steps that bring no port of one installation to that of another's neighbour.
    const offset = 500 * randomInt(2, 20);
    const environment = { WEIR_HOME: directory, WEIR_PORT_OFFSET: String(offset) };
    const installation = new Installation(new StackHome(directory), environment);
    try {
      await installation.start();
    } catch (error) {
      await installation.stop();
      throw error;
    }
    return installation;
  }

  /** Resolves once `npm start` is back; rejects where an app is not ready then. */
  async start(): Promise<void> {
    await outputOf('npm', ['start', '--', '--detach'], this.environment);
    const supervisor = StackLock.runningSupervisor(this.home);
    if (supervisor === null) throw new Error(`Nothing runs in ${this.home.directory}`);
    this.supervisor = supervisor.pid;
    outlivedBy(supervisor.pid);
    for (const [name, { url }] of Object.entries(this.file().apps)) {
      const { status } = await fetch(`${url}/health/ready`);
      if (status !== 200) throw new Error(`${name} is not ready: ${status}`);
    }
  }

  /** By name, the host agent aside. */
  pids(): ReadonlyMap<string, number> {
    const { apps, engines } = this.file();
    const { kafka, schemaRegistry, postgres, redis } = engines;
    return new Map([
      ...Object.entries(apps).map(([name, { pid }]) => [name, pid] as const),
      ['kafka', kafka.pids[0] ?? 0],
      ['schema-registry', schemaRegistry.pid],
      ['postgres', postgres.pid],
      ['redis', redis.pid],
    ]);
  }

  /** Ends what runs; its data stay. */
  async end(): Promise<void> {
    await outputOf('npm', ['run', 'stop'], this.environment);
    if (this.supervisor !== null) outlivedBy(this.supervisor, false);
    this.supervisor = null;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.home.directory, { recursive: true, force: true });
  }

  private file(): StackFile {
    return JSON.parse(readFileSync(this.home.stackFile, 'utf8')) as StackFile;
  }
}
