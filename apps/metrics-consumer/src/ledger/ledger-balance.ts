import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { classify } from '@weir/errors';
import { isBalanced, type LedgerEntry, type MetricsStore } from '@weir/metrics-store';
import { Rounds } from '@weir/nest-service';
import type { CheckResult, HealthRegistry, Metrics } from '@weir/telemetry';

/** How soon an imbalance is told where nobody asks. */
const INTERVAL_MS = 5_000;

/**
 * Says at once, in health, log and metric, where the ledger does not add up.
 *
 * It degrades this process and does not stop it: what is wrong lies in the past, each further offset is counted by itself, and to stand
 * still would put the next records in danger for nothing.
 */
export class LedgerBalance implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Ledger');
  private readonly gauge;
  /** The lines that did not add up when they were read last. */
  private unbalanced = new Set<string>();
  private readonly rounds = new Rounds(() => this.look(), INTERVAL_MS);

  constructor(
    private readonly store: Pick<MetricsStore, 'ledger'>,
    private readonly health: HealthRegistry,
    metrics: Metrics,
  ) {
    this.gauge = metrics.gauge('weir_ledger_unbalanced_partitions');
  }

  onModuleInit(): void {
    this.health.register({ name: 'ledger', readiness: true, check: () => this.look() });
    this.rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** Never rejects. While the store is away nothing is known to be wrong, and the store's own check says that it is. */
  async look(): Promise<CheckResult> {
    let lines: readonly LedgerEntry[];
    try {
      lines = (await this.store.ledger()).partitions.filter((line) => !isBalanced(line));
    } catch (thrown) {
      return { status: 'degraded', code: classify(thrown).code };
    }
    this.tell(lines);
    if (lines.length === 0) return { status: 'healthy' };
    return { status: 'degraded', code: 'ledger_unbalanced', unbalanced: lines };
  }

  private tell(lines: readonly LedgerEntry[]): void {
    const before = this.unbalanced;
    this.unbalanced = new Set(lines.map(nameOf));
    this.gauge.set(lines.length);
    for (const line of lines)
      if (!before.has(nameOf(line)))
        this.logger.error(
          `The ledger does not add up for ${nameOf(line)}: ${JSON.stringify(line)}. See docs/guides/ledger.md`,
        );
    for (const name of before) if (!this.unbalanced.has(name)) this.logger.warn(`The ledger adds up again for ${name}`);
  }
}

const nameOf = ({ topic, topic_id, partition }: LedgerEntry): string => `${topic}[${partition}] (${topic_id})`;
