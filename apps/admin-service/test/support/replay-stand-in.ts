import {
  type AnswerOutcome,
  AvroDecoder,
  connectSchemaRegistry,
  newestSchema,
  type RecordOutcome,
  type ReplayChunk,
  type ReplayRecord,
  subjects,
} from '@weir/avro';
import { ORIGIN_HEADER, type RecordHeader, REPLAY_COUNT_HEADER, REPLAY_ID_HEADER, TopicReader } from '@weir/kafka';
import { engines, eventually, median } from '@weir/testing';
import { dlqReplayCommands, metricsRaw, type Topics } from '@weir/topics';

import type { Writers } from './dead-letters.js';

/** Reads commands, and says what the test wants dlq-replayer and metrics-consumer to have said. */
export class ReplayStandIn {
  private readonly seen = new Map<string, Map<number, ReplayChunk>>();
  private readonly automatic = new Set<string>();
  private published = 0;

  private constructor(
    private readonly reader: TopicReader,
    private readonly writers: Writers,
    private readonly raw: string,
  ) {}

  static start(topics: Topics, writers: Writers): ReplayStandIn {
    const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
    const decoder = new AvroDecoder<ReplayChunk>(registry, newestSchema(subjects.replayCommands), {
      anchor: subjects.replayCommands,
    });
    const take = async (value: Buffer): Promise<void> => {
      await decoder.prepare([value]);
      const chunk = decoder.decode(value);
      if (!(chunk instanceof Error)) await standIn.took(chunk);
    };
    const reader = new TopicReader(
      { bootstrapServers: engines().kafka.bootstrapServers, clientId: 'stand-in', securityProtocol: 'PLAINTEXT' },
      {
        topic: topics.name(dlqReplayCommands),
        onRecord: ({ value }) => {
          if (value !== null) void take(value);
        },
      },
    );
    const standIn = new ReplayStandIn(reader, writers, topics.name(metricsRaw));
    reader.start();
    return standIn;
  }

  /** The first so many chunks of a replay, once they are issued. */
  async chunks(id: string, count: number): Promise<ReplayChunk[]> {
    await eventually(
      () => this.issued(id),
      (issued) => issued >= count,
      { intervalMs: 20 },
    );
    return [...(this.seen.get(id)?.values() ?? [])].toSorted((a, b) => a.chunk - b.chunk).slice(0, count);
  }

  issued(id: string): number {
    return this.seen.get(id)?.size ?? 0;
  }

  /** Every chunk of the replay is answered as soon as it comes. */
  publishAll(id: string): void {
    this.automatic.add(id);
    for (const chunk of this.seen.get(id)?.values() ?? []) void this.publish(chunk);
  }

  async publish(chunk: ReplayChunk): Promise<void> {
    await this.answer(
      chunk,
      chunk.records.map(() => 'published'),
    );
  }

  async answer(chunk: ReplayChunk, outcomes: readonly AnswerOutcome[]): Promise<void> {
    await this.writers.event({
      replay_id: chunk.replay_id,
      occurred_at: Date.now(),
      written_by: 'dlq-replayer',
      answer: {
        chunk: chunk.chunk,
        first: 0,
        records: outcomes.map((outcome) => {
          const isPublished = outcome === 'published';
          return {
            outcome,
            topic: isPublished ? this.raw : null,
            partition: isPublished ? 0 : null,
            offset: isPublished ? this.published++ : null,
            reason: null,
          };
        }),
      },
      outcomes: [],
    });
  }

  async outcomes(id: string, records: readonly (ReplayRecord & Pick<RecordOutcome, 'outcome'>)[]): Promise<void> {
    const outcomes = records.map(({ identity, replay_count, outcome }) => ({
      identity,
      replay_count,
      outcome,
      topic: this.raw,
      partition: 0,
      offset: 0,
      reason: outcome === 'failed_again' ? 'name' : null,
      fingerprint: outcome === 'failed_again' ? 'f' : null,
    }));
    await this.writers.event({
      replay_id: id,
      occurred_at: Date.now(),
      written_by: 'metrics-consumer',
      answer: null,
      outcomes,
    });
  }

  /** Of a record that was replayed so often. */
  headersOf(id: string, identity: string, count: number): RecordHeader[] {
    return [
      { key: REPLAY_ID_HEADER, value: Buffer.from(id) },
      { key: REPLAY_COUNT_HEADER, value: Buffer.from(String(count)) },
      { key: ORIGIN_HEADER, value: Buffer.from(identity) },
    ];
  }

  /** Records a second, by the median of the times between the chunks from one (inclusive) to another (exclusive): one that is held up counts once. */
  rateOf(id: string, from: number, to: number): number {
    const chunks = [...(this.seen.get(id)?.values() ?? [])].toSorted((a, b) => a.chunk - b.chunk).slice(from, to);
    const msARecord = chunks.slice(1).map((chunk, n) => {
      const before = chunks[n]!;
      return (chunk.issued_at - before.issued_at) / before.records.length;
    });
    return 1_000 / median(msARecord);
  }

  async close(): Promise<void> {
    await this.reader.close();
  }

  private async took(chunk: ReplayChunk): Promise<void> {
    const chunks = this.seen.get(chunk.replay_id) ?? new Map<number, ReplayChunk>();
    this.seen.set(chunk.replay_id, chunks);
    if (chunks.has(chunk.chunk)) return;
    chunks.set(chunk.chunk, chunk);
    if (this.automatic.has(chunk.replay_id)) await this.publish(chunk);
  }
}
