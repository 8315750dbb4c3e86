import type { AvroEncoder, RecordAnswer, ReplayChunk, ReplayEvent } from '@weir/avro';
import type {
  BatchConsumer,
  OutgoingRecord,
  TopicPartition,
  TopicPartitionOffset,
  TransactionalProducer,
} from '@weir/kafka';

import type { Piece } from './piece.js';

/** Where the answers go, and who asks. */
export interface ChunkTransactionOptions {
  /** The partition of `dlq.replay.events` that has the number of the commands partition. */
  readonly events: TopicPartition;
  readonly encoder: Pick<AvroEncoder<ReplayEvent>, 'encode'>;
  /** The member whose offsets are committed. */
  readonly consumer: () => BatchConsumer;
  readonly serviceName: string;
}

/**
 * Publishes a piece of a chunk, its event and, with the chunk's last piece, the command's offset: all of it or nothing.
 *
 * 1. The records. Nothing is fetched or looked up from here on: an open transaction holds up every read_committed reader.
 * 2. The event, which names the range that it answers and where each record went.
 * 3. The offset, only with the last piece: a command that is passed has every answer.
 * 4. The commit.
 */
export class ChunkTransaction {
  constructor(
    private readonly producer: TransactionalProducer,
    private readonly options: ChunkTransactionOptions,
  ) {}

  /**
   * Resolves once it is committed. Where it rejects nothing is, unless the producer is `commit_unresolved` or `failed`: only `init` and
   * what was committed then tell. In any other case the transaction is aborted, and the producer `ready`.
   *
   * `offset`: what to commit for the group; null leaves it.
   */
  async commit(
    piece: Piece,
    chunk: ReplayChunk,
    offset: TopicPartitionOffset | null,
    signal: AbortSignal,
  ): Promise<readonly RecordAnswer[]> {
    signal.throwIfAborted();
    await this.producer.begin();
    // Whoever loses the partition does not keep readers waiting until a broker answers.
    let aborting = Promise.resolve();
    const abort = (): void => {
      aborting = this.producer.abort().catch(() => undefined); // the state tells
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const answers = await this.publish(piece);
      await this.producer.send([this.eventOf(chunk, piece, answers)]);
      if (offset !== null) await this.producer.sendOffsets(this.options.consumer(), [offset]);
      signal.throwIfAborted();
      await this.producer.commit();
      return answers;
    } catch (error) {
      await aborting;
      const { state } = this.producer;
      if (state === 'open' || state === 'must_abort') await this.producer.abort().catch(() => undefined); // the state tells
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  private async publish({ verdicts }: Piece): Promise<RecordAnswer[]> {
    const records = verdicts.flatMap((verdict) => (verdict.outcome === 'published' ? [verdict.record] : []));
    const positions = (await this.producer.send(records)).values();
    return verdicts.map(({ outcome, reason }) => {
      const at = outcome === 'published' ? positions.next().value : undefined;
      const offset = at === undefined || at.offset < 0 ? null : at.offset;
      return { outcome, topic: at?.topic ?? null, partition: at?.partition ?? null, offset, reason };
    });
  }

  private eventOf(
    { replay_id: replayId, chunk }: ReplayChunk,
    { range }: Piece,
    records: RecordAnswer[],
  ): OutgoingRecord {
    const { events, encoder, serviceName } = this.options;
    const [value = null] = encoder.encode([
      {
        replay_id: replayId,
        occurred_at: Date.now(),
        written_by: serviceName,
        answer: { chunk, first: range.from, records },
        outcomes: [],
      },
    ]);
    return { ...events, key: replayId, value, headers: [{ key: 'source', value: Buffer.from(serviceName) }] };
  }
}
