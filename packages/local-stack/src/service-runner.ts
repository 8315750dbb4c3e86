import { setTimeout as wait } from 'node:timers/promises';

import { messageOf } from './caught.js';
import { ServiceFailedError } from './errors.js';
import { sizeOf } from './log-tail.js';
import { ManagedProcess } from './managed-process.js';
import { assertPortFree } from './ports.js';
import type { Reaper } from './reaper.js';
import type { Service } from './service.js';

/** When a service that dies is given up, and how long it is waited before it is started again. */
export interface RestartPolicy {
  /** This many deaths within `windowMs` end the stack. */
  readonly maxDeaths: number;
  readonly windowMs: number;
  /** Doubles with each death within the window. */
  readonly firstBackoffMs: number;
}

export const defaultRestartPolicy: RestartPolicy = { maxDeaths: 5, windowMs: 60_000, firstBackoffMs: 500 };

/** What a runner tells the supervisor. */
export interface RunnerEvents {
  /** One line for people. */
  line(text: string): void;
  /** Its process is another one now. */
  changed(): void;
  /** It died too often. */
  gaveUp(error: ServiceFailedError): void;
}

const PROBE_INTERVAL_MS = 100;

/** Keeps one service running: starts it, waits until it is ready, and starts it again when it dies. */
export class ServiceRunner {
  private readonly stopping = new AbortController();
  private deaths: number[] = [];
  private process: ManagedProcess | null = null;
  private keeping: Promise<void> = Promise.resolve();

  constructor(
    readonly service: Service,
    private readonly reaper: Reaper,
    private readonly events: RunnerEvents,
    private readonly policy: RestartPolicy,
  ) {}

  /** The id of its process; undefined while there is none. */
  get pid(): number | undefined {
    return this.process?.running === true ? this.process.pid : undefined;
  }

  /** Resolves once it is ready; from then on it is kept running. Rejects, with nothing left running, where it is not. */
  async start(): Promise<void> {
    const began = Date.now();
    await this.service.prepare?.(this.stopping.signal);
    await this.launch();
    this.events.line(readyLine(this.service, Date.now() - began));
    this.keeping = this.keepRunning();
  }

  /** Ends it for good. Safe at any moment, also while it is starting. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the stack is stopping'));
    await this.process?.stop();
    await this.keeping;
  }

  kill(): void {
    this.stopping.abort(new Error('the stack is stopping'));
    this.process?.kill();
  }

  private async launch(): Promise<void> {
    const { service } = this;
    for (const port of service.ports) await assertPortFree(service.title, port);
    this.stopping.signal.throwIfAborted();
    const child = new ManagedProcess(service.command(), service.logFile, this.reaper);
    this.process = child;
    this.events.changed();
    try {
      await this.untilReady(child);
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  private async untilReady(child: ManagedProcess): Promise<void> {
    const { service } = this;
    const deadline = Date.now() + service.readyTimeoutMs;
    const died = child.exited.then((how) => {
      throw this.failure(`ended before it was ready (${how})`, child);
    });
    died.catch(() => undefined); // looked at below, or of no more interest
    for (;;) {
      const problem = await Promise.race([this.problem(deadline), died]);
      if (problem === null) return;
      this.stopping.signal.throwIfAborted();
      if (Date.now() >= deadline) {
        throw this.failure(`was not ready within ${service.readyTimeoutMs / 1000} s: ${problem}`, child);
      }
      await Promise.race([wait(PROBE_INTERVAL_MS), died]);
    }
  }

  /** What keeps it from being ready; null where nothing does. */
  private async problem(deadline: number): Promise<string | null> {
    const timeout = AbortSignal.timeout(Math.max(1, Math.min(5_000, deadline - Date.now())));
    try {
      await this.service.probe(AbortSignal.any([this.stopping.signal, timeout]));
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  private async keepRunning(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const child = this.process;
      if (child === null) return;
      const how = await child.exited;
      if (this.stopping.signal.aborted) return;
      if (!(await this.bringBack(`died (${how})`, child))) return;
    }
  }

  /** Starts it again after a pause, as often as the policy allows. False: it was given up, or the stack stops. */
  private async bringBack(reason: string, child: ManagedProcess): Promise<boolean> {
    let why = reason;
    for (;;) {
      const deaths = this.countDeath();
      if (deaths >= this.policy.maxDeaths) {
        this.events.gaveUp(
          this.failure(`${why}, ${deaths} times within ${this.policy.windowMs / 1000} s`, this.process ?? child),
        );
        return false;
      }
      const backoffMs = this.policy.firstBackoffMs * 2 ** (deaths - 1);
      this.events.line(
        `${this.service.name} ${why}; it is started again in ${backoffMs / 1000} s. Log: ${this.service.logFile}`,
      );
      try {
        await wait(backoffMs, undefined, { signal: this.stopping.signal });
        await this.launch();
        this.events.line(`${this.service.name} is ready again`);
        return true;
      } catch (error) {
        if (this.stopping.signal.aborted) return false;
        why = error instanceof ServiceFailedError ? error.reason : messageOf(error);
      }
    }
  }

  private countDeath(): number {
    const now = Date.now();
    this.deaths = [...this.deaths.filter((at) => now - at < this.policy.windowMs), now];
    return this.deaths.length;
  }

  private failure(reason: string, child: ManagedProcess): ServiceFailedError {
    const { name, logFile } = this.service;
    const words = sizeOf(logFile) === 0 ? ['(it wrote nothing)'] : child.lastWords();
    return new ServiceFailedError(name, reason, logFile, words);
  }
}

function readyLine({ title, address }: Service, tookMs: number): string {
  return `${title.padEnd(24)} ${(address ?? '').padEnd(44)} ready in ${(tookMs / 1000).toFixed(1)} s`;
}
