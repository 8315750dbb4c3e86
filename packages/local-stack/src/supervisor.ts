import type { ServiceFailedError } from './errors.js';
import { assertPortFree } from './ports.js';
import type { Reaper } from './reaper.js';
import { defaultRestartPolicy, ServiceRunner, type RestartPolicy } from './service-runner.js';
import type { Service } from './service.js';

export interface SupervisorOptions {
  readonly reaper: Reaper;
  /** One line for people at each event. */
  readonly onLine?: (text: string) => void;
  /** Some process is another one now: `pids` answers anew. */
  readonly onChange?: () => void;
  readonly restart?: RestartPolicy;
}

/**
 * Starts services in groups, keeps them running, and stops them in the opposite order.
 *
 * Guarantee: after `stop` has resolved none of their processes runs; if this process dies before, the reaper sees to it.
 */
export class Supervisor {
  /** Resolves with the reason once a service died too often; the caller then stops the stack. */
  readonly gaveUp: Promise<ServiceFailedError>;
  private readonly groups: ServiceRunner[][] = [];
  private readonly options: Required<SupervisorOptions>;
  private giveUp: (error: ServiceFailedError) => void = () => undefined;

  constructor(options: SupervisorOptions) {
    this.options = { onLine: () => undefined, onChange: () => undefined, restart: defaultRestartPolicy, ...options };
    this.gaveUp = new Promise((resolve) => (this.giveUp = resolve));
  }

  /** Starts all of them at once. Rejects with the first failure; the others are then still to be stopped. */
  async start(services: readonly Service[]): Promise<void> {
    const { reaper, restart, onLine, onChange } = this.options;
    for (const { title, ports } of services) for (const port of ports) await assertPortFree(title, port);
    const events = { line: onLine, changed: onChange, gaveUp: this.giveUp };
    const group = services.map((service) => new ServiceRunner(service, reaper, events, restart));
    this.groups.push(group);
    await Promise.all(group.map((runner) => runner.start()));
  }

  /** The process of a service; undefined while it has none. */
  pid(name: string): number | undefined {
    return this.groups.flat().find((runner) => runner.service.name === name)?.pid;
  }

  /** Every process that runs now. */
  processes(): { name: string; pid: number }[] {
    return this.groups.flat().flatMap(({ service, pid }) => (pid === undefined ? [] : [{ name: service.name, pid }]));
  }

  /** Stops the groups, the last started first. Never rejects. */
  async stop(): Promise<void> {
    for (const group of this.groups.toReversed()) await Promise.allSettled(group.map((runner) => runner.stop()));
  }

  /** Ends everything at once, for a second Ctrl-C. */
  kill(): void {
    for (const runner of this.groups.flat()) runner.kill();
  }
}
