import type { ReplayRecord } from '@weir/avro';
import { KafkaConsumerError } from '@weir/errors';
import type { ConsumedRecord, KafkaAdmin, LogReader, TopicWatermarks } from '@weir/kafka';

import { expired, type Verdict } from './verdict.js';

/** Between two wanted offsets so many others are read past; beyond that it is quicker to go there. */
const READ_PAST_RECORDS = 1_000;

/** A record of a chunk and its place in the list that was asked for. */
interface Wanted {
  readonly index: number;
  readonly offset: number;
}

/** Fetches dead letters from where they are in `metrics.dlq`, without a group. */
export class DeadLetters {
  constructor(
    private readonly log: Pick<LogReader, 'read'>,
    private readonly admin: Pick<KafkaAdmin, 'watermarks'>,
    /** `metrics.dlq`, as this installation calls it. */
    private readonly topic: string,
  ) {}

  /**
   * Hands over the record at each coordinate, in no particular order, with the index of who asked for it; answers for the others why
   * there is none. Rejects with a KafkaError where the brokers are away or the topic is.
   */
  async fetch(
    records: readonly ReplayRecord[],
    found: (index: number, letter: ConsumedRecord) => void,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Verdict>> {
    const missing = new Set(records.keys());
    const marks = await this.marks();
    for (const [partition, wanted] of byPartition(records)) {
      const { low, high } = marks.get(partition) ?? { low: 0, high: 0 };
      const there = wanted.filter(({ offset }) => offset >= low && offset < high);
      for (const run of runs(there)) {
        const range = { topic: this.topic, partition, from: run.from, to: run.to };
        const take = (letters: readonly ConsumedRecord[]): void => {
          for (const letter of letters)
            for (const index of run.at.get(letter.offset) ?? []) {
              missing.delete(index);
              found(index, letter);
            }
        };
        await this.log.read(range, take, signal);
      }
    }
    return missing.size === 0 ? new Map() : this.reasons(records, missing);
  }

  /** Asked anew, since retention may have moved on while the records were read. */
  private async reasons(
    records: readonly ReplayRecord[],
    missing: ReadonlySet<number>,
  ): Promise<ReadonlyMap<number, Verdict>> {
    const marks = await this.marks();
    return new Map(
      [...missing].map((index) => {
        const { dlq_partition: partition, dlq_offset: offset } = records[index] ?? {
          dlq_partition: -1,
          dlq_offset: -1,
        };
        return [index, expired(offset < (marks.get(partition)?.low ?? 0) ? 'deleted' : 'gone')];
      }),
    );
  }

  private async marks(): Promise<ReadonlyMap<number, TopicWatermarks>> {
    const marks = await this.admin.watermarks([this.topic]);
    // Somebody may make it again, and nothing says that its records are lost.
    if (marks.length === 0)
      throw new KafkaConsumerError(`The topic ${this.topic} is not there`, { code: 'topic_missing' });
    return new Map(marks.map((mark) => [mark.partition, mark]));
  }
}

function byPartition(records: readonly ReplayRecord[]): ReadonlyMap<number, readonly Wanted[]> {
  const groups = new Map<number, Wanted[]>();
  for (const [index, { dlq_partition: partition, dlq_offset: offset }] of records.entries()) {
    const group = groups.get(partition) ?? [];
    groups.set(partition, group);
    group.push({ index, offset });
  }
  return groups;
}

/** Offsets that are read in one go, with the indices that asked for each: a coordinate may be asked for twice. */
interface Run {
  readonly from: number;
  to: number;
  readonly at: Map<number, number[]>;
}

function runs(wanted: readonly Wanted[]): Run[] {
  const found: Run[] = [];
  for (const { index, offset } of wanted.toSorted((a, b) => a.offset - b.offset)) {
    let run = found.at(-1);
    if (run === undefined || offset > run.to + READ_PAST_RECORDS) {
      run = { from: offset, to: offset, at: new Map() };
      found.push(run);
    }
    run.to = offset + 1;
    run.at.set(offset, [...(run.at.get(offset) ?? []), index]);
  }
  return found;
}
