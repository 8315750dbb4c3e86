import type { ConsumedRecord } from '../../records.js';
import type { AssignedPartition } from './assigned-partition.js';

/** Records that follow one another in one partition, read in one stretch. */
export interface Run {
  readonly owner: AssignedPartition;
  readonly records: readonly ConsumedRecord[];
}

/** What a record and each of its headers cost beside their bytes, as objects. */
const OBJECT_BYTES = 200;

/** Records that were fetched and not yet delivered, in the order of their arrival, which is offset order within a partition. */
export class RecordBuffer {
  private runs: HeldRun[] = [];
  private count = 0;
  private heldBytes = 0;

  /** How many records it holds. */
  get size(): number {
    return this.count;
  }

  /** About how much memory they take. */
  get bytes(): number {
    return this.heldBytes;
  }

  push(run: Run): void {
    let bytes = 0;
    for (const record of run.records) bytes += bytesOf(record);
    const held = { ...run, bytes };
    this.runs.push(held);
    this.add(held);
  }

  holds(owner: AssignedPartition): boolean {
    return this.runs.some((run) => run.owner === owner);
  }

  /** When the oldest record of a partition that it holds was written, in epoch milliseconds; null where it holds none. */
  oldest(owner: AssignedPartition): number | null {
    return this.runs.find((run) => run.owner === owner)?.records[0]?.timestampMs ?? null;
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
    this.count = 0;
    this.heldBytes = 0;
    for (const run of this.runs) this.add(run);
  }

  private add({ records, bytes }: HeldRun): void {
    this.count += records.length;
    this.heldBytes += bytes;
  }
}

/** Weighed once, when it comes in: what stays is counted anew with every batch that leaves. */
interface HeldRun extends Run {
  readonly bytes: number;
}

function bytesOf({ key, value, headers }: ConsumedRecord): number {
  let bytes = OBJECT_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += OBJECT_BYTES + header.key.length + (header.value?.length ?? 0);
  return bytes;
}
