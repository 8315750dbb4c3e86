import type { ConsumedRecord } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { RecordBatch } from './options.js';
import type { Run } from './record-buffer.js';

/** The one batch that is with the handler, from its first delivery until it is settled or nothing of it is ours any more. */
export class BatchInProgress {
  attempt = 0;
  /** When the handler was last called, epoch milliseconds; null while the batch waits for its next try. */
  runningSince: number | null = null;
  private list: readonly ConsumedRecord[];
  private extents: ReadonlyMap<AssignedPartition, number>;
  private controller = new AbortController();

  constructor(private runs: readonly Run[]) {
    this.list = recordsOf(runs);
    this.extents = extentsOf(runs);
  }

  get records(): readonly ConsumedRecord[] {
    return this.list;
  }

  get owners(): readonly AssignedPartition[] {
    return [...this.extents.keys()];
  }

  /** For each partition the offset after its last record in the batch. */
  get ends(): ReadonlyMap<AssignedPartition, number> {
    return this.extents;
  }

  touches(owners: readonly AssignedPartition[]): boolean {
    return owners.some((owner) => this.extents.has(owner));
  }

  /** When the first of a partition's records was written, in epoch milliseconds; null without one. */
  oldest(owner: AssignedPartition): number | null {
    return this.runs.find((run) => run.owner === owner)?.records[0]?.timestampMs ?? null;
  }

  nextAttempt(): RecordBatch {
    this.attempt += 1;
    this.controller = new AbortController();
    this.runningSince = Date.now();
    return { records: this.list, attempt: this.attempt, signal: this.controller.signal };
  }

  abort(reason: string): void {
    this.controller.abort(new Error(reason));
  }

  get aborted(): boolean {
    return this.controller.signal.aborted;
  }

  /** Forgets the records of partitions that do not pass. The list that a handler holds is not touched. */
  keep(passes: (owner: AssignedPartition) => boolean): void {
    if (this.owners.every(passes)) return;
    this.runs = this.runs.filter((run) => passes(run.owner));
    this.list = recordsOf(this.runs);
    this.extents = extentsOf(this.runs);
  }
}

function recordsOf(runs: readonly Run[]): readonly ConsumedRecord[] {
  const [first] = runs;
  return runs.length === 1 && first !== undefined ? first.records : runs.flatMap((run) => run.records);
}

function extentsOf(runs: readonly Run[]): Map<AssignedPartition, number> {
  const extents = new Map<AssignedPartition, number>();
  for (const { owner, records } of runs) {
    const last = records.at(-1);
    if (last !== undefined) extents.set(owner, last.offset + 1);
  }
  return extents;
}
