import { AvroEncoder } from './encoder.js';
import type { SchemaRegistryClient } from './registry.js';
import { newestSchema, subjects } from './subjects.js';

/**
 * `published`: back in its topic. `expired`: the dead letter is deleted. `mismatch`: something else is at its place. `capped`: replayed
 * too often. `refused`: not to be published, or too late.
 */
export type AnswerOutcome = 'published' | 'expired' | 'mismatch' | 'capped' | 'refused';

/** What dlq-replayer did about one record of a chunk. */
export interface RecordAnswer {
  /** Declared a string by the schema: a reader may meet an outcome newer than itself. */
  readonly outcome: AnswerOutcome;
  /** Where it was published; null where it was not. */
  readonly topic: string | null;
  readonly partition: number | null;
  /** Also null where the broker did not tell. */
  readonly offset: number | null;
  /** A stable code; null where there is nothing to say. */
  readonly reason: string | null;
}

/** Answers the chunk's records from `first` on, as many as `records` has. */
export interface ChunkAnswer {
  readonly chunk: number;
  readonly first: number;
  readonly records: readonly RecordAnswer[];
}

/** What became of one replayed record in metrics-consumer. */
export interface RecordOutcome {
  /** As in `ReplayRecord`. */
  readonly identity: string;
  readonly replay_count: number;
  /** Declared a string by the schema: a reader may meet an outcome newer than itself. */
  readonly outcome: 'applied' | 'repeated' | 'failed_again';
  /** Where the replayed record is. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Of the new dead letter where it failed again. */
  readonly reason: string | null;
  readonly fingerprint: string | null;
}

/** What `dlq.replay.events` carries: with `answer` a chunk's answer, else the outcomes of records. */
export interface ReplayEvent {
  readonly replay_id: string;
  /** Epoch milliseconds by the writer's clock; decides nothing. */
  readonly occurred_at: number;
  /** The service that wrote it. */
  readonly written_by: string;
  readonly answer: ChunkAnswer | null;
  readonly outcomes: readonly RecordOutcome[];
}

/** Writes events with the newest schema. */
export function replayEventEncoder(
  registry: SchemaRegistryClient,
  { autoRegister }: { readonly autoRegister: boolean },
): AvroEncoder<ReplayEvent> {
  const { subject, compatibility } = subjects.replayEvents;
  return new AvroEncoder(registry, {
    subject,
    schema: newestSchema(subjects.replayEvents),
    compatibility,
    autoRegister,
  });
}
