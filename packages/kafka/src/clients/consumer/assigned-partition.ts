import type { TopicPartition } from '../../records.js';

/**
 * One partition during one unbroken stretch of reading it: from its assignment, or from a seek, until it is revoked, lost or sought again.
 *
 * Whatever happens later to the same topic and partition is another object, so an outcome that comes too late is known by its
 * owner not being in the assignment any more, and is never committed.
 */
export class AssignedPartition implements TopicPartition {
  /** Offset of the next record to be settled, or -1 while none was. */
  next = -1;
  /** The highest offset whose commit the group acknowledged, or -1. */
  committed = -1;
  /** Its start is still being asked for: nothing may be read. */
  resolving = false;
  /** Another member is to get it: nothing more is delivered, what is in flight may end. */
  revoking = false;
  /** What the Kafka client was last told. */
  pausedInClient = false;
  /** When `next` last moved, or when waiting last had a reason. Epoch milliseconds. */
  progressAt = Date.now();

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  toJSON(): TopicPartition {
    return { topic: this.topic, partition: this.partition };
  }
}
