import type { ConsumerState } from '@weir/kafka';
import type { Metrics } from '@weir/telemetry';

const isWaiting = ({ status }: ConsumerState): boolean => status === 'waiting' || status === 'failed';

/** Shows why the consumer of a group reads nothing, and for how long it has. */
export class ConsumerWaits {
  private readonly waiting;
  private readonly waited;
  private current: { readonly reason: string; countedTo: number } | null = null;

  /** `clock` in milliseconds of any monotonic clock. */
  constructor(
    metrics: Metrics,
    private readonly group: string,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.waiting = metrics.gauge('weir_consumer_waiting');
    this.waited = metrics.counter('weir_consumer_waited_seconds_total');
    metrics.beforeScrape(() => this.count());
  }

  changed(state: ConsumerState): void {
    this.count();
    const { group } = this;
    const reason = isWaiting(state) ? (state.reason ?? state.status) : null;
    if (reason === this.current?.reason) return;
    if (this.current !== null) this.waiting.set({ group, reason: this.current.reason }, 0);
    if (reason !== null) this.waiting.set({ group, reason }, 1);
    this.current = reason === null ? null : { reason, countedTo: this.clock() };
  }

  private count(): void {
    if (this.current === null) return;
    const now = this.clock();
    this.waited.inc({ group: this.group, reason: this.current.reason }, (now - this.current.countedTo) / 1_000);
    this.current.countedTo = now;
  }
}
