import type { KafkaAdmin } from '@weir/kafka';

import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/database.js';
import type { DeadLetterProjection } from '../projections/projections.js';

/** How much of `metrics.dlq` the index has. */
export interface IndexView {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** Offset of the next record to be read. */
    readonly next: number;
    /** Of the first record that is still there, and after the last one. */
    readonly low: number;
    readonly high: number;
  }[];
  /** Records that are not in the index yet. */
  readonly behind: number;
}

/** The index as a whole. */
export class Rebuilding {
  constructor(
    private readonly database: Database,
    private readonly trail: AuditTrail,
    private readonly projection: DeadLetterProjection,
    private readonly admin: Pick<KafkaAdmin, 'watermarks'>,
    private readonly topic: string,
  ) {}

  async view(): Promise<IndexView> {
    const reached = await this.projection.reached();
    const marks = await this.admin.watermarks([this.topic]);
    const partitions = marks
      .map(({ partition, low, high }) => ({ partition, next: reached.get(partition) ?? 0, low, high }))
      .toSorted((a, b) => a.partition - b.partition);
    const behind = partitions.reduce((sum, { next, low, high }) => sum + Math.max(0, high - Math.max(next, low)), 0);
    return { topic: this.topic, partitions, behind };
  }

  /** Drops the index and reads all of it again. What was decided about records, and what became of them, stays. */
  async rebuild(call: Call): Promise<IndexView> {
    await this.database.transaction(async (transaction) => {
      await this.projection.rebuild(transaction);
      await this.trail.changed(transaction, call, { target: 'dlq-index', before: null, after: null });
    });
    return this.view();
  }
}
