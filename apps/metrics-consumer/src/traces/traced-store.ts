import type { MetricsStore, PartitionRange, SettlementUnit } from '@weir/metrics-store';
import type { Span, SpanAttributes, Traces } from '@weir/telemetry';

/** By the semantic conventions for PostgreSQL. */
const DATABASE: SpanAttributes = { 'db.system.name': 'postgresql', 'db.collection.name': 'metrics.samples' };

/**
 * Spans of the transaction that settles a batch: one for the whole, within which dead letters are published too, and one each for the rows'
 * COPY and for the COMMIT.
 */
export class TracedStore implements Pick<MetricsStore, 'transaction'> {
  constructor(
    private readonly traces: Traces,
    private readonly store: Pick<MetricsStore, 'transaction'>,
  ) {}

  transaction(ranges: readonly PartitionRange[], work: (unit: SettlementUnit) => Promise<void>): Promise<void> {
    const { traces, store } = this;
    const attributes = { ...DATABASE, 'db.operation.name': 'TRANSACTION', 'weir.ledger_lines': ranges.length };
    return traces.around('TRANSACTION metrics.samples', { kind: 'client', attributes }, async () => {
      let commit: Span | null = null;
      try {
        await store.transaction(ranges, async (unit) => {
          await work(new TracedUnit(traces, unit));
          commit = traces.start('COMMIT', {
            kind: 'client',
            attributes: { ...DATABASE, 'db.operation.name': 'COMMIT' },
          });
        });
      } catch (thrown) {
        failed(commit, thrown);
        throw thrown;
      } finally {
        ended(commit);
      }
    });
  }
}

// Of their own, since TypeScript takes what a callback assigns for never assigned.
const failed = (span: Span | null, thrown: unknown): void => span?.fail(thrown);
const ended = (span: Span | null): void => span?.end();

class TracedUnit implements SettlementUnit {
  constructor(
    private readonly traces: Traces,
    private readonly unit: SettlementUnit,
  ) {}

  write(...[samples]: Parameters<SettlementUnit['write']>): ReturnType<SettlementUnit['write']> {
    const attributes = { ...DATABASE, 'db.operation.name': 'COPY', 'db.operation.batch.size': samples.length };
    return this.traces.around('COPY metrics.samples', { kind: 'client', attributes }, async (span) => {
      const refused = await this.unit.write(samples);
      if (refused.length > 0) span.set({ 'weir.refused_rows': refused.length });
      return refused;
    });
  }

  nextOf(topic: string, partition: number): number {
    return this.unit.nextOf(topic, partition);
  }

  isApplied(...asked: Parameters<SettlementUnit['isApplied']>): boolean {
    return this.unit.isApplied(...asked);
  }

  enqueue(...given: Parameters<SettlementUnit['enqueue']>): Promise<void> {
    return this.unit.enqueue(...given);
  }

  account(...given: Parameters<SettlementUnit['account']>): void {
    this.unit.account(...given);
  }
}
