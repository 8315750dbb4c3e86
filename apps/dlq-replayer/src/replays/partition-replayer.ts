import { setTimeout as wait } from 'node:timers/promises';

import type { AvroEncoder, RecordAnswer, ReplayEvent } from '@weir/avro';
import { MAX_CHUNK_RECORDS } from '@weir/avro';
import { classify, KafkaConsumerError } from '@weir/errors';
import type { KafkaAdmin, TopicPartitionOffset, TransactionalProducer } from '@weir/kafka';

import type { IndexRange } from './answered-ranges.js';
import type { AnswersView } from './answers-view.js';
import type { ChunkTransaction } from './chunk-transaction.js';
import type { Command } from './command.js';
import type { DeadLetters } from './dead-letters.js';
import { judge } from './judge.js';
import { type Piece, PieceInTheMaking, PieceSize } from './piece.js';
import type { ReplayMetrics, TakeoverReason } from './replay-metrics.js';
import { refused } from './verdict.js';

/** What broker say of a record that they will never take, whatever is sent with it. */
const RECORD_FAULTS = new Set([
  'ERR_MSG_SIZE_TOO_LARGE',
  'ERR_RECORD_LIST_TOO_LARGE',
  'ERR_INVALID_RECORD',
  'ERR_INVALID_MSG',
  'ERR_INVALID_TIMESTAMP',
]);
/** The registry is waited for by whoever asks, and not in here. */
const SCHEMA_TIMEOUT_MS = 5_000;
const LONGEST_PAUSE_MS = 1_000;

export interface PartitionReplayerOptions {
  readonly partition: number;
  readonly groupId: string;
  /** Names on the broker. */
  readonly commandsTopic: string;
  readonly eventsTopic: string;
  /** Topics that records may be published into. */
  readonly replayable: ReadonlySet<string>;
  readonly maxTransactionBytes: number;
}

/** What a replayer works with; the producer and the transaction are its own, the rest may be shared. */
export interface PartitionReplayerParts {
  readonly producer: TransactionalProducer;
  readonly transaction: Pick<ChunkTransaction, 'commit'>;
  readonly answers: AnswersView;
  readonly deadLetters: DeadLetters;
  readonly admin: Pick<KafkaAdmin, 'stableOffsets' | 'watermarks'>;
  readonly encoder: Pick<AvroEncoder<ReplayEvent>, 'ready'>;
  readonly metrics: ReplayMetrics;
}

/**
 * Runs the commands of one partition, each record of each chunk exactly once, whoever else believes to own the partition (guarantees, rules 18 to 20).
 *
 * `takeOver` fences whoever had the partition before, and only then reads what is done. Whatever leaves in doubt what is done, being fenced
 * or a commit without an answer, ends in taking over again. Its calls run one after the other.
 */
export class PartitionReplayer {
  private queue: Promise<unknown> = Promise.resolve();
  private readonly size = new PieceSize(MAX_CHUNK_RECORDS);
  /** The command that is being run, and which of its records the brokers refuse. */
  private current: { readonly offset: number; readonly rejected: Set<number> } = { offset: -1, rejected: new Set() };
  private restUntil = 0;

  constructor(
    private readonly parts: PartitionReplayerParts,
    private readonly options: PartitionReplayerOptions,
  ) {}

  /** Makes the partition this process's own; answers the offset of the first command that is not done. Rejects where something is away. */
  takeOver(reason: TakeoverReason): Promise<number> {
    return this.inTurn(() => this.takeOverNow(reason));
  }

  /**
   * Resolves once every record of the chunk is answered, and the command's offset committed with the last. Rejects where something is away or
   * the signal fired; called again it goes on with what is not answered.
   */
  run(command: Command, signal: AbortSignal): Promise<readonly RecordAnswer[]> {
    return this.inTurn(() => this.runNow(command, signal));
  }

  /** Aborts what is open, and lets go of the transactional id. */
  async close(timeoutMs: number): Promise<void> {
    await this.parts.producer.close(timeoutMs);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  private async takeOverNow(reason: TakeoverReason): Promise<number> {
    const { producer, admin, answers, encoder, metrics } = this.parts;
    const { partition, groupId, commandsTopic, eventsTopic } = this.options;
    await encoder.ready(AbortSignal.timeout(SCHEMA_TIMEOUT_MS));
    // 1. Ends the predecessor's transaction and every one that it may still try. Whatever was read before this may be outdated.
    await producer.init();
    metrics.tookOver(reason);
    // 2. The committed offset, stable: one that a transaction is about to commit is waited for (KIP-447).
    const offsets = await admin.stableOffsets(groupId, [commandsTopic]);
    // 3. The end of the answers, which everything that was ever committed lies before. Not the last stable offset: a transaction of somebody
    //    else, still open, may lie before an answer.
    const marks = await admin.watermarks([eventsTopic]);
    const end = marks.find((mark) => mark.partition === partition)?.high;
    if (end === undefined)
      throw new KafkaConsumerError(`${eventsTopic} has no partition ${partition}, as ${commandsTopic} has`, {
        code: 'topics_not_copartitioned',
      });
    answers.begin(end);
    return offsets.find((offset) => offset.partition === partition)?.offset ?? 0;
  }

  private async runNow(command: Command, signal: AbortSignal): Promise<readonly RecordAnswer[]> {
    const { answers, producer } = this.parts;
    const { chunk } = command;
    if (command.offset !== this.current.offset) {
      this.current = { offset: command.offset, rejected: new Set() };
      this.size.reset();
    }
    const given: RecordAnswer[] = [];
    for (;;) {
      signal.throwIfAborted();
      if (producer.state !== 'ready') await this.takeOverNow('doubt');
      else if (answers.full) await this.takeOverNow('memory');
      await answers.learn(chunk, signal);
      const missing = answers.missing(chunk);
      const [next] = missing;
      if (next === undefined) return given;
      const piece = await this.prepare(command, next, signal);
      const isLast = missing.length === 1 && piece.range.to === next.to;
      given.push(...(await this.commit(command, piece, isLast, signal)));
      answers.add(chunk, piece.range);
    }
  }

  /** Verdicts on as much of the stretch as one transaction takes; everything that takes time is done here. */
  private async prepare({ chunk }: Command, { from, to }: IndexRange, signal: AbortSignal): Promise<Piece> {
    const range = { from, to: Math.min(to, from + this.size.records) };
    const piece = new PieceInTheMaking(range, this.options.maxTransactionBytes);
    const records = chunk.records.slice(range.from, range.to);
    if (Date.now() < chunk.deadline) {
      const missing = await this.parts.deadLetters.fetch(
        records,
        (at, letter) => {
          const [wanted, index] = [records[at], from + at];
          if (wanted === undefined) return;
          const verdict = judge(chunk, wanted, letter, this.options.replayable);
          piece.add(index, this.current.rejected.has(index) ? refused('rejected') : verdict);
        },
        signal,
      );
      for (const [at, verdict] of missing) piece.add(from + at, verdict);
    }
    await this.rest(signal);
    // Asked last: past the deadline the chunk may have been issued again, and its replay be told that nothing more comes.
    if (Date.now() < chunk.deadline) return piece.finish();
    return { range, verdicts: records.map(() => refused('deadline')) };
  }

  private async commit(
    { chunk, offset, partition }: Command,
    piece: Piece,
    isLast: boolean,
    signal: AbortSignal,
  ): Promise<readonly RecordAnswer[]> {
    const { transaction, metrics, producer } = this.parts;
    const next: TopicPartitionOffset = { topic: this.options.commandsTopic, partition, offset: offset + 1 };
    const began = performance.now();
    try {
      const answers = await transaction.commit(piece, chunk, isLast ? next : null, signal);
      this.size.committed();
      metrics.committed(answers, (performance.now() - began) / 1_000);
      return answers;
    } catch (thrown) {
      const error = classify(thrown);
      metrics.failed(producer.state, error.code);
      const alone = piece.verdicts.length === 1 && RECORD_FAULTS.has(String(error.context['code']));
      if (alone) this.current.rejected.add(piece.range.from);
      else if (!signal.aborted) this.size.failed(piece.verdicts.length);
      throw thrown;
    } finally {
      // Readers of the topics are free for as long as they were held up.
      const now = performance.now();
      this.restUntil = now + Math.min(now - began, LONGEST_PAUSE_MS);
    }
  }

  private async rest(signal: AbortSignal): Promise<void> {
    const restMs = this.restUntil - performance.now();
    if (restMs > 0) await wait(restMs, undefined, { signal });
  }
}
