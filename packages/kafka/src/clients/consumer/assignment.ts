import type { TopicPartition } from '../../records.js';
import { AssignedPartition } from './assigned-partition.js';

/** The partitions that this member reads at the moment. */
export class Assignment implements Iterable<AssignedPartition> {
  private readonly topics = new Map<string, Map<number, AssignedPartition>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(topic: string, partition: number): AssignedPartition | undefined {
    return this.topics.get(topic)?.get(partition);
  }

  /** False once the partition was revoked, lost or sought: its outcomes are not to be committed. */
  isCurrent(owner: AssignedPartition): boolean {
    return this.get(owner.topic, owner.partition) === owner;
  }

  /** Starts a new stretch for each of these, also where one was there before. */
  add(partitions: readonly TopicPartition[]): AssignedPartition[] {
    return partitions.map((each) => this.renew(each));
  }

  /** Starts a new stretch of one partition. */
  renew({ topic, partition }: TopicPartition): AssignedPartition {
    const owners = this.topics.get(topic) ?? new Map<number, AssignedPartition>();
    this.topics.set(topic, owners);
    if (!owners.has(partition)) this.count += 1;
    const owner = new AssignedPartition(topic, partition);
    owners.set(partition, owner);
    return owner;
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions)
      if (this.topics.get(topic)?.delete(partition) === true) this.count -= 1;
  }

  /** Those of the given partitions that are assigned; all of them unless given. */
  select(partitions?: readonly TopicPartition[]): AssignedPartition[] {
    if (partitions === undefined) return [...this];
    return partitions.flatMap(({ topic, partition }) => this.get(topic, partition) ?? []);
  }

  *[Symbol.iterator](): Iterator<AssignedPartition> {
    for (const owners of this.topics.values()) yield* owners.values();
  }
}
