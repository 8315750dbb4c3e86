import type { ReplayRecord } from '@weir/avro';
import { KafkaConsumerError } from '@weir/errors';
import type { ConsumedRecord, KafkaAdmin, LogReader, TopicWatermarks } from '@weir/kafka';

import { ReadAhead } from './read-ahead.js';
import { expired, type Verdict } from './verdict.js';

/** Between two wanted offsets so many others are read past; beyond that it is quicker to go there. */
const READ_PAST_RECORDS = 1_000;

const NOWHERE = { dlq_partition: -1, dlq_offset: -1 };

/** A record of a chunk and its place in the list that was asked for. */
interface Wanted {
  readonly index: number;
  readonly offset: number;
}

/** Fetches dead letters from where they are in `metrics.dlq`, without a group. */
export class DeadLetters {
  private readonly ahead = new Map<number, ReadAhead>();

  constructor(
    private readonly log: Pick<LogReader, 'readAll'>,
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
    const missing = new Set<number>();
    for (const [index, { dlq_partition: partition, dlq_offset: offset }] of records.entries()) {
      const letter = this.aheadIn(partition).take(offset);
      if (letter === undefined) missing.add(index);
      else found(index, letter);
    }
    if (missing.size === 0) return new Map();
    await this.read(records, missing, found, signal);
    return missing.size === 0 ? new Map() : this.reasons(records, missing);
  }

  /** Takes out of `missing` what it finds. */
  private async read(
    records: readonly ReplayRecord[],
    missing: Set<number>,
    found: (index: number, letter: ConsumedRecord) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const marks = await this.marks();
    const stretches = byPartition(records, missing).map(({ partition, wanted }) => {
      const { low, high } = marks.get(partition) ?? { low: 0, high: 0 };
      const there = wanted.filter(({ offset }) => offset >= low && offset < high);
      return runs(partition, there, { high, ahead: this.aheadIn(partition).offsets });
    });
    // The first of each partition at the same time, then the second.
    for (let turn = 0; stretches.some((ofPartition) => turn < ofPartition.length); turn += 1) {
      const now = new Map(
        stretches.flatMap((ofPartition) => ofPartition[turn] ?? []).map((run) => [run.partition, run]),
      );
      const here = (index: number, letter: ConsumedRecord): void => {
        missing.delete(index);
        found(index, letter);
      };
      await this.readRuns(now, here, signal);
    }
  }

  /** Hands over what the runs want, and keeps what lies past them; ends early where no more of that can be kept. */
  private async readRuns(
    runsByPartition: ReadonlyMap<number, Run>,
    found: (index: number, letter: ConsumedRecord) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const reading = [...runsByPartition.values()];
    const aheads = reading.map(({ partition }) => this.aheadIn(partition));
    const awaited = new Set(reading.flatMap(({ at }) => [...at.values()].flat()));
    const take = (letters: readonly ConsumedRecord[]): 'enough' | undefined => {
      for (const letter of letters) {
        const indices = runsByPartition.get(letter.partition)?.at.get(letter.offset);
        this.aheadIn(letter.partition).saw(letter, indices === undefined);
        for (const index of indices ?? []) {
          awaited.delete(index);
          found(index, letter);
        }
      }
      return awaited.size === 0 && aheads.some(({ full }) => full) ? 'enough' : undefined;
    };
    for (const ahead of aheads) ahead.clear();
    const ranges = reading.map(({ partition, from, to }) => ({ topic: this.topic, partition, from, to }));
    await this.log.readAll(ranges, take, signal);
  }

  private aheadIn(partition: number): ReadAhead {
    const ahead = this.ahead.get(partition) ?? new ReadAhead();
    this.ahead.set(partition, ahead);
    return ahead;
  }

  /** Asked anew, since retention may have moved on while the records were read. */
  private async reasons(
    records: readonly ReplayRecord[],
    missing: ReadonlySet<number>,
  ): Promise<ReadonlyMap<number, Verdict>> {
    const marks = await this.marks();
    return new Map(
      [...missing].map((index) => {
        const { dlq_partition: partition, dlq_offset: offset } = records[index] ?? NOWHERE;
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

function byPartition(
  records: readonly ReplayRecord[],
  indices: ReadonlySet<number>,
): readonly { readonly partition: number; readonly wanted: readonly Wanted[] }[] {
  const groups = new Map<number, Wanted[]>();
  for (const index of indices) {
    const { dlq_partition: partition, dlq_offset: offset } = records[index] ?? NOWHERE;
    const group = groups.get(partition) ?? [];
    groups.set(partition, group);
    group.push({ index, offset });
  }
  return [...groups].map(([partition, wanted]) => ({ partition, wanted }));
}

/** Offsets of a partition that are read in one go, with the indices that asked for each: a coordinate may be asked for twice. */
interface Run {
  readonly partition: number;
  readonly from: number;
  to: number;
  readonly at: Map<number, number[]>;
}

/** The last one goes further than is wanted, by `ahead` offsets or to the end. */
function runs(
  partition: number,
  wanted: readonly Wanted[],
  { high, ahead }: { readonly high: number; readonly ahead: number },
): Run[] {
  const found: Run[] = [];
  for (const { index, offset } of wanted.toSorted((a, b) => a.offset - b.offset)) {
    let run = found.at(-1);
    if (run === undefined || offset > run.to + READ_PAST_RECORDS) {
      run = { partition, from: offset, to: offset, at: new Map() };
      found.push(run);
    }
    run.to = offset + 1;
    run.at.set(offset, [...(run.at.get(offset) ?? []), index]);
  }
  const last = found.at(-1);
  if (last !== undefined) last.to = Math.min(high, last.to + ahead);
  return found;
}
