import type { ConsumedRecord } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';

/** Records that follow one another in one partition, read in one stretch. */
export interface Run {
  readonly owner: AssignedPartition;
  readonly records: readonly ConsumedRecord[];
}

/** Records that were fetched and not yet delivered, in the order of their arrival, which is offset order within a partition. */
export class RecordBuffer {
  private runs: Run[] = [];
  private count = 0;

  /** How many records it holds. */
  get size(): number {
    return this.count;
  }

  push(run: Run): void {
    this.runs.push(run);
    this.count += run.records.length;
  }

  holds(owner: AssignedPartition): boolean {
    return this.runs.some((run) => run.owner === owner);
  }

  /** Takes out everything that may be delivered now; the rest stays in order. */
  take(deliverable: (owner: AssignedPartition) => boolean): Run[] {
    const taken = this.runs.filter((run) => deliverable(run.owner));
    this.retain((run) => !deliverable(run.owner));
    return taken;
  }

  /** Forgets what belongs to these: it will be read again, here or by another member. */
  drop(owners: readonly AssignedPartition[]): void {
    this.retain((run) => !owners.includes(run.owner));
  }

  private retain(keep: (run: Run) => boolean): void {
    this.runs = this.runs.filter(keep);
    this.count = this.runs.reduce((sum, run) => sum + run.records.length, 0);
  }
}
