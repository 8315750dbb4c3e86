import promClient, { type Counter, type Gauge, type Histogram, type Registry } from 'prom-client';

import {
  metricCatalogue,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelOf,
  type MetricName,
} from './catalogue.js';
import type { MetricDefinition } from './definition.js';
import { HotCounter, HotHistogram } from './hot.js';

/**
 * The metrics of one process, made from the catalogue when first asked for.
 *
 * Each instance has a registry of its own: several apps in one process (as in tests) don't meet in prom-client's
 * global one, and asking twice for a metric gives the same one.
 */
export class Metrics {
  private readonly readings: (() => void | Promise<void>)[] = [];
  private readonly hotCounters = new Map<CounterName, unknown>();

  constructor(readonly registry: Registry = new promClient.Registry()) {}

  counter<Name extends CounterName>(name: Name): Counter<LabelOf<Name>> {
    return this.find<Counter<LabelOf<Name>>>(name) ?? this.seeded(name, new promClient.Counter(this.options(name)));
  }

  gauge<Name extends GaugeName>(name: Name): Gauge<LabelOf<Name>> {
    return this.find<Gauge<LabelOf<Name>>>(name) ?? new promClient.Gauge(this.options(name));
  }

  histogram<Name extends HistogramName>(name: Name): Histogram<LabelOf<Name>> {
    const { buckets } = metricCatalogue[name];
    return (
      this.find<Histogram<LabelOf<Name>>>(name) ??
      new promClient.Histogram({ ...this.options(name), buckets: [...buckets] })
    );
  }

  /** The same counter, for what happens too often for it. */
  hotCounter<Name extends CounterName>(name: Name): HotCounter<LabelOf<Name>> {
    const known = this.hotCounters.get(name) ?? new HotCounter(this.counter(name));
    this.hotCounters.set(name, known);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of the counter of this name
    return known as HotCounter<LabelOf<Name>>;
  }

  /** Instead of `histogram`, for what is observed too often for it: a name is either the one or the other. */
  hotHistogram<Name extends HistogramName>(name: Name): HotHistogram<LabelOf<Name>> {
    const { help, buckets } = metricCatalogue[name];
    return (
      this.find<HotHistogram<LabelOf<Name>>>(name) ??
      new HotHistogram<LabelOf<Name>>(name, help, buckets).register(this.registry)
    );
  }

  /** Registers something to run before each scrape, to set gauges that mirror a state. It may fail; the scrape goes on. */
  beforeScrape(reading: () => void | Promise<void>): void {
    this.readings.push(reading);
  }

  /** Everything in Prometheus' text format, for `contentType`. */
  async scrape(): Promise<string> {
    const outcomes = await Promise.allSettled(this.readings.map(async (reading) => reading()));
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected').length;
    this.counter('weir_scrape_failures_total').inc(failed);
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  private options<Name extends MetricName>(name: Name) {
    const labelNames: readonly LabelOf<Name>[] = metricCatalogue[name].labels;
    return { name, help: metricCatalogue[name].help, labelNames, registers: [this.registry] };
  }

  private find<Kind>(name: MetricName): Kind | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this class registers the catalogue's names
    return this.registry.getSingleMetric(name) as Kind | undefined;
  }

  private seeded<Name extends CounterName>(name: Name, made: Counter<LabelOf<Name>>): Counter<LabelOf<Name>> {
    const { labels, startsWith = [] }: MetricDefinition = metricCatalogue[name];
    for (const values of startsWith) made.labels(...labels.map((label) => values[label] ?? '')).inc(0);
    return made;
  }
}
