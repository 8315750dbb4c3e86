import { isRecordBlock, type RecordBlock, recordsOf } from '../../record-block.js';
import type { OutgoingRecord } from '../../records.js';

const NONE: readonly OutgoingRecord[] = [];

/** One call of `send`: its reservation, and a counter that delivery reports take down. The only object per call. */
export class PendingSend {
  /** Records whose fate is not known yet. */
  remaining: number;
  settled = false;
  /** Whether it is acknowledged with others, and not by reports of its own records. */
  grouped = false;
  readonly topic: string;
  records: readonly OutgoingRecord[] = NONE;
  /** In place of `records`, where they came as one. */
  block: RecordBlock | null = null;
  #topics: Map<string, number> | null = null;
  #failures: Map<string, Map<string, number>> | null = null;

  constructor(
    sent: readonly OutgoingRecord[] | RecordBlock,
    readonly count: number,
    readonly bytes: number,
    readonly startedAt: number,
    readonly resolve: () => void,
    readonly reject: (error: Error) => void,
  ) {
    this.remaining = count;
    if (isRecordBlock(sent)) {
      this.block = sent;
      this.topic = sent.topic;
      return;
    }
    this.records = sent;
    this.topic = sent[0]!.topic;
    if (sent.some((record) => record.topic !== this.topic)) this.#topics = countTopics(sent);
  }

  /** Forgets the records once librdkafka has its copies. */
  release(): void {
    this.records = NONE;
    this.block = null;
  }

  /** Makes records of what came as a block. */
  unpack(): void {
    if (this.block === null) return;
    this.records = recordsOf(this.block);
    this.block = null;
  }

  fail(topic: string, code: string, count: number): void {
    this.#failures ??= new Map();
    const codes = this.#failures.get(topic) ?? new Map<string, number>();
    this.#failures.set(topic, codes.set(code, (codes.get(code) ?? 0) + count));
  }

  get failed(): boolean {
    return this.#failures !== null;
  }

  /** Whether all of it went to one topic, which is what `topic` then says. */
  get single(): boolean {
    return this.#topics === null;
  }

  /** Each topic with how many of its records were acknowledged, and how many failed by which code. */
  *outcome(): Generator<{ topic: string; delivered: number; failures: ReadonlyMap<string, number> }> {
    const topics = this.#topics ?? new Map([[this.topic, this.count]]);
    for (const [topic, count] of topics) {
      const failures = this.#failures?.get(topic) ?? new Map<string, number>();
      yield { topic, delivered: count - [...failures.values()].reduce((sum, n) => sum + n, 0), failures };
    }
  }
}

function countTopics(records: readonly OutgoingRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}
