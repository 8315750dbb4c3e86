import { Injectable, type OnModuleInit } from '@nestjs/common';
import { isBalanced, MetricsStore } from '@weir/metrics-store';
import { Metrics } from '@weir/telemetry';

/**
 * Whether the ledger adds up, as a metric.
 *
 * Read behind a scrape and told by the next one, so that a database that is away delays no scrape.
 */
@Injectable()
export class LedgerMetrics implements OnModuleInit {
  private reading = false;

  constructor(
    private readonly store: MetricsStore,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const unbalanced = this.metrics.gauge('weir_ledger_unbalanced_partitions');
    const failures = this.metrics.counter('weir_scrape_failures_total');
    this.metrics.beforeScrape(() => {
      if (this.reading) return;
      this.reading = true;
      this.store
        .ledger()
        .then(({ partitions }) => unbalanced.set(partitions.filter((line) => !isBalanced(line)).length))
        .catch(() => failures.inc())
        .finally(() => {
          this.reading = false;
        });
    });
  }
}
