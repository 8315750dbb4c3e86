import type { Counter, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** One label set of a counter, to be kept by whoever counts often. */
export interface CounterCell {
  inc(by?: number): void;
}

/** One label set of a histogram, to be kept by whoever observes often. */
export interface HistogramCell {
  /** `times` values at once, as for all records of a batch. */
  observe(value: number, times?: number): void;
}

/**
 * A counter for hot paths: what is counted stays in plain fields until it is read. A call with labels costs prom-client about 0.2 µs,
 * which is much for what happens a hundred thousand times a second.
 */
export class HotCounter<Label extends string> {
  private readonly cells = new Map<string, { pending: number; readonly labels: Readonly<Record<Label, string>> }>();

  constructor(private readonly counter: Counter<Label>) {
    // What prom-client calls before each reading; its types know it as an option alone.
    Object.assign(counter, { collect: () => this.flush() });
  }

  /** The same cell for the same labels. */
  of(labels: Readonly<Record<Label, string>>): CounterCell {
    const key = JSON.stringify(labels);
    const cell = this.cells.get(key) ?? { pending: 0, labels };
    this.cells.set(key, cell);
    this.counter.inc(labels, 0);
    return {
      inc: (by = 1) => {
        cell.pending += by;
      },
    };
  }

  private flush(): void {
    for (const cell of this.cells.values()) {
      this.counter.inc(cell.labels, cell.pending);
      cell.pending = 0;
    }
  }
}

interface Distribution {
  readonly labels: Labels;
  /** How many fell into each bucket and into none before it; one more than there are bounds. */
  readonly counts: Float64Array;
  sum: number;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A histogram for hot paths, in prom-client's registry beside its own: some 10 ns a value instead of 300 to 700. */
export class HotHistogram<Label extends string> {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private readonly distributions = new Map<string, Distribution>();

  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
  ) {}

  /** Puts it among the registry's metrics. */
  register(registry: Registry): this {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a metric the registry uses what stands below
    registry.registerMetric(this as unknown as Parameters<Registry['registerMetric']>[0]);
    return this;
  }

  /** The same cell for the same labels. */
  of(labels: Readonly<Record<Label, string>>): HistogramCell {
    const key = JSON.stringify(labels);
    const distribution = this.distributions.get(key) ?? {
      labels,
      counts: new Float64Array(this.bounds.length + 1),
      sum: 0,
    };
    this.distributions.set(key, distribution);
    const { bounds } = this;
    return {
      observe: (value, times = 1) => {
        const at = bucketOf(bounds, value);
        distribution.counts[at] = (distribution.counts[at] ?? 0) + times;
        distribution.sum += value * times;
      },
    };
  }

  /** What prom-client's registry asks for. */
  get(): Promise<object> {
    const values = [...this.distributions.values()].flatMap((distribution) => this.samplesOf(distribution));
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, values, aggregator });
  }

  reset(): void {
    for (const distribution of this.distributions.values()) {
      distribution.counts.fill(0);
      distribution.sum = 0;
    }
  }

  private samplesOf({ labels, counts, sum }: Distribution): Sample[] {
    let count = 0;
    const buckets = [...this.bounds, '+Inf'].map((le, i) => {
      count += counts[i] ?? 0;
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}

/** The first bound that is not below the value; past the last where none is. */
function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (bounds[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}
