import type { RecordAnswer } from '@weir/avro';
import type { TransactionState } from '@weir/kafka';
import type { Metrics } from '@weir/telemetry';

/** `assigned`: the group gave us the partition. `doubt`: fenced, or a commit without an answer. `memory`: too many chunks remembered. */
export type TakeoverReason = 'assigned' | 'doubt' | 'memory';

/** Counts what is replayed, and what it cost. */
export class ReplayMetrics {
  private readonly chunks;
  private readonly records;
  private readonly transactions;
  private readonly duration;
  private readonly takeovers;

  constructor(metrics: Metrics) {
    this.chunks = metrics.counter('weir_replay_chunks_total');
    this.records = metrics.counter('weir_replay_records_total');
    this.transactions = metrics.counter('weir_replay_transactions_total');
    this.duration = metrics.histogram('weir_replay_transaction_duration_seconds');
    this.takeovers = metrics.counter('weir_replay_takeovers_total');
  }

  /** `repeated`: the chunk had been answered before. */
  chunk(outcome: 'answered' | 'repeated' | 'unreadable'): void {
    this.chunks.inc({ outcome });
  }

  committed(answers: readonly RecordAnswer[], seconds: number): void {
    this.transactions.inc({ result: 'committed' });
    this.duration.observe(seconds);
    for (const { outcome } of answers) this.records.inc({ outcome });
  }

  /** By the state that it left the producer in. */
  failed(state: TransactionState, code: string): void {
    const result = state === 'ready' ? 'aborted' : code === 'producer_fenced' ? 'fenced' : 'unresolved';
    this.transactions.inc({ result });
  }

  tookOver(reason: TakeoverReason): void {
    this.takeovers.inc({ reason });
  }
}
