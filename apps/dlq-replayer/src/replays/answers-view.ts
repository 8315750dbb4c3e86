import { Logger } from '@nestjs/common';
import type { AvroDecoder, ReplayChunk, ReplayEvent } from '@weir/avro';
import { RecordDecodeError } from '@weir/errors';
import type { ConsumedRecord, LogReader, TopicPartition } from '@weir/kafka';

import { AnsweredRanges, type IndexRange } from './answered-ranges.js';

/**
 * How much earlier than a chunk's first issue its answers are looked for. Commands carry admin-service's clock and events the brokers': no
 * two of them are ever a day apart, not even where one is in the wrong time zone.
 */
const CLOCKS_DIFFER_MS = 24 * 60 * 60 * 1_000;
/** Chunks that are remembered before it asks to begin anew, at some 200 bytes each. */
const MAX_CHUNKS = 50_000;

type EventDecoder = Pick<AvroDecoder<ReplayEvent>, 'prepare' | 'decode'>;

/**
 * What one partition of `dlq.replay.events` says about the chunks of the commands partition of the same number.
 *
 * Read after `initTransactions`, which ends whatever the predecessor had open, up to the high watermark of that moment, it has every answer
 * that anybody ever committed; those committed since are our own (guarantees, rule 18). It is read only as far back as the commands at hand
 * need, since a chunk's answers are never older than its first issue.
 */
export class AnswersView {
  private readonly logger = new Logger('Answers');
  private readonly answered = new AnsweredRanges();
  /** Everything from here on is known; null: nothing is. */
  private knownFrom: { readonly offset: number; readonly timeMs: number } | null = null;
  /** The high watermark after the partition was taken over. */
  private end = 0;

  constructor(
    private readonly log: Pick<LogReader, 'read' | 'offsetAt'>,
    private readonly decoder: EventDecoder,
    private readonly at: TopicPartition,
  ) {}

  /** Begins anew: `end` is the events partition's high watermark, asked for after `initTransactions`. */
  begin(end: number): void {
    this.answered.clear();
    this.knownFrom = null;
    this.end = end;
  }

  /** It has grown so large that it should begin anew. */
  get full(): boolean {
    return this.answered.size > MAX_CHUNKS;
  }

  /** Resolves once every answer to this chunk is known. Rejects where the brokers or the schema registry are away. */
  async learn({ issued_at: issuedAt }: ReplayChunk, signal: AbortSignal): Promise<void> {
    const timeMs = issuedAt - CLOCKS_DIFFER_MS;
    if (this.knownFrom !== null && timeMs >= this.knownFrom.timeMs) return;
    const to = this.knownFrom?.offset ?? this.end;
    const offset = Math.min(to, await this.log.offsetAt(this.at, timeMs, signal));
    await this.log.read({ ...this.at, from: offset, to }, (records) => this.take(records), signal);
    this.knownFrom = { offset, timeMs };
  }

  /** Stretches of the chunk that have no answer; after `learn`. */
  missing({ replay_id: replayId, chunk, records }: ReplayChunk): IndexRange[] {
    return this.answered.missing(replayId, chunk, records.length);
  }

  /** An answer that was just committed. */
  add({ replay_id: replayId, chunk }: ReplayChunk, range: IndexRange): void {
    this.answered.add(replayId, chunk, range);
  }

  /** An event that cannot be read is passed over: what is ours we can read. */
  private async take(records: readonly ConsumedRecord[]): Promise<void> {
    await this.decoder.prepare(records.map(({ value }) => value));
    for (const { value, offset } of records) {
      const event = value === null ? null : this.decoder.decode(value);
      if (event === null || event instanceof RecordDecodeError)
        this.logger.warn(
          `Passed over ${this.at.topic}[${this.at.partition}]@${offset}: ${event?.message ?? 'no value'}`,
        );
      else if (event.answer !== null) {
        const { chunk, first, records: answers } = event.answer;
        this.answered.add(event.replay_id, chunk, { from: first, to: first + answers.length });
      }
    }
  }
}
