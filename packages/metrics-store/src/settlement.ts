import type { RowRejectedError } from '@weir/errors';
import type { OutboxMessage } from '@weir/outbox';

import type { Sample } from './sample.js';

/** Offsets of one partition that a batch covers: `from` up to, and without, `to`. */
export interface PartitionRange {
  readonly topic: string;
  /** The topic's UUID: a topic created again under its old name starts a new line. */
  readonly topicId: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A sample and the record that it came from. */
export interface PositionedSample {
  readonly sample: Sample;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A sample that the database refuses, alone and again. */
export interface RefusedSample extends PositionedSample {
  readonly error: RowRejectedError;
}

/** What became of a partition's offsets. Each counts once; `stored` is checked against what was written. */
export interface SettledCounts {
  /** The value is in the store, or a newer one is. */
  readonly stored: number;
  /** The broker acknowledged the dead letter. */
  readonly deadLettered: number;
  /** Nothing is there for a read_committed reader, verified by a second fetch. */
  readonly gap: number;
  /** Deleted by retention before anyone read them. */
  readonly expired?: number;
  /** Passed over because an operator said so. */
  readonly skipped?: number;
}

/** The work that one transaction settles, while it holds the ledger's lines. */
export interface SettlementUnit {
  /** The line's next offset, read under its lock: what lies below is settled already and is left out. */
  nextOf(topic: string, partition: number): number;

  /**
   * Writes all samples, or none: where the database refuses some, everything is rolled back (the lines stay locked) and the
   * refused ones are returned. Publish their dead letters, and call again without them. Order: by offset in each partition.
   *
   * Rejects with StoreUnavailableError; the transaction is then lost.
   */
  write(samples: readonly PositionedSample[]): Promise<readonly RefusedSample[]>;

  /** Whether the value of a replayed sample that was written is stored now; false where the same or a newer one was there. */
  isApplied(sample: PositionedSample): boolean;

  /**
   * Adds messages to the store's outbox: they are published if the transaction commits, and only then.
   *
   * Rejects with StoreUnavailableError; the transaction is then lost. Throws KafkaProducerError for what no broker would take.
   */
  enqueue(messages: readonly OutboxMessage[]): Promise<void>;

  /** Says once for each partition what became of its offsets from `nextOf` up to `to`; they must add up exactly. */
  account(topic: string, partition: number, counts: SettledCounts): void;
}

/** One line of the ledger: what became of the offsets of a topic partition from `first` up to `next`. See `isBalanced`. */
export interface LedgerEntry {
  readonly topic: string;
  readonly topic_id: string;
  readonly partition: number;
  readonly first: number;
  readonly next: number;
  readonly stored: number;
  readonly dead_lettered: number;
  readonly gap: number;
  readonly expired: number;
  readonly skipped: number;
}

/** Does the line add up? If not, an offset was counted twice, or something was counted that did not happen, or not all of it. */
export function isBalanced({ first, next, stored, dead_lettered, gap, expired, skipped }: LedgerEntry): boolean {
  return next - first === stored + dead_lettered + gap + expired + skipped;
}

export interface LedgerReport {
  readonly balanced: boolean;
  readonly partitions: readonly LedgerEntry[];
}
