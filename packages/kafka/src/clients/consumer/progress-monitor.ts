import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import type { NativeClient } from './native-client.js';
import type { ConsumerSettings, PartitionLag } from './options.js';
import { Wake } from './wake.js';

const PROBE_TIMEOUT_MS = 2_000;

export interface MonitorHooks {
  /** Whether this partition has a declared reason to stand still: a pause, a system that is waited for, a rebalance. */
  waits(owner: AssignedPartition): boolean;
  /** Since when the handler has been at one batch, or null. */
  handlerRunningSince(): number | null;
  /** When the oldest record of a partition that was fetched and not settled was written, in epoch milliseconds; null without one. */
  oldest(owner: AssignedPartition): number | null;
  reachable(yes: boolean): void;
  stalled(yes: boolean): void;
}

/**
 * Measures lag, asks the cluster for a sign of life, and notices when nothing moves although there is work and no reason to wait.
 *
 * A client can stop fetching a partition without an error; only lag that does not shrink shows it.
 */
export class ProgressMonitor {
  private readonly wake = new Wake();
  private ending = false;
  private stalled = false;

  constructor(
    private readonly settings: ConsumerSettings,
    private readonly client: NativeClient,
    private readonly assignment: Assignment,
    private readonly hooks: MonitorHooks,
  ) {}

  /** Never rejects; resolves after `end`. */
  async run(): Promise<void> {
    for (;;) {
      await this.wake.wait(this.settings.lagIntervalMs);
      if (this.ending) return;
      await this.check();
    }
  }

  /** Looks at once instead of at the next interval. */
  look(): void {
    this.wake.call();
  }

  end(): void {
    this.ending = true;
    this.wake.call();
  }

  private async check(): Promise<void> {
    try {
      const measured = await this.measure();
      // One may have gone to another member while the others were asked about.
      const lags = measured.filter(({ topic, partition }) => this.assignment.get(topic, partition) !== undefined);
      this.hooks.reachable(true);
      this.settings.notify('lag', lags);
      this.judge(lags);
    } catch {
      // The probe below says whether it is the cluster or one partition's leader that is away.
      await this.probe();
    }
  }

  private async probe(): Promise<void> {
    try {
      await this.client.ping(PROBE_TIMEOUT_MS);
      this.hooks.reachable(true);
    } catch {
      this.hooks.reachable(false);
    }
  }

  private async measure(): Promise<PartitionLag[]> {
    const owners = [...this.assignment];
    if (owners.length === 0) await this.client.ping(PROBE_TIMEOUT_MS);
    const unknown = owners.filter((owner) => owner.next < 0);
    const committed = unknown.length === 0 ? [] : await this.client.committed(unknown);
    const lags: PartitionLag[] = [];
    for (const owner of owners) {
      if (this.ending) break;
      const { low, high } = await this.client.watermarks(owner, PROBE_TIMEOUT_MS);
      const group = committed.find((o) => o.topic === owner.topic && o.partition === owner.partition)?.offset ?? low;
      const next = Math.max(owner.next < 0 ? group : owner.next, low);
      const lag = Math.max(0, high - next);
      const oldest = lag === 0 ? null : this.hooks.oldest(owner);
      const behindMs = lag === 0 ? 0 : oldest === null ? null : Math.max(0, Date.now() - oldest);
      lags.push({ topic: owner.topic, partition: owner.partition, lag, behindMs, end: high, next });
    }
    return lags;
  }

  private judge(lags: readonly PartitionLag[]): void {
    const now = Date.now();
    const { stallTimeoutMs } = this.settings;
    const stuck: AssignedPartition[] = [];
    for (const { topic, partition, lag } of lags) {
      const owner = this.assignment.get(topic, partition);
      if (owner === undefined) continue;
      if (lag === 0 || this.hooks.waits(owner)) owner.progressAt = now;
      else if (now - owner.progressAt > stallTimeoutMs) stuck.push(owner);
    }
    const runningForMs = now - (this.hooks.handlerRunningSince() ?? now);
    const handlerStuck = runningForMs > stallTimeoutMs;
    const stalled = handlerStuck || stuck.length > 0;
    if (stalled !== this.stalled) this.hooks.stalled(stalled);
    if (stalled && !this.stalled)
      this.settings.notify('stalled', {
        kind: handlerStuck ? 'handler' : 'partition',
        partitions: stuck.map((owner) => owner.toJSON()),
        forMs: handlerStuck ? runningForMs : now - Math.min(...stuck.map((owner) => owner.progressAt)),
      });
    this.stalled = stalled;
  }
}
