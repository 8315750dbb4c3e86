import { AvroEncoder } from './encoder.js';
import type { SchemaRegistryClient } from './registry.js';
import { newestSchema, subjects } from './subjects.js';

/** A dead letter that is to be published back. */
export interface ReplayRecord {
  /** Where the dead letter is in `metrics.dlq`. */
  readonly dlq_partition: number;
  readonly dlq_offset: number;
  /** Of the dead letter's value as the plan saw it; 64 lower-case hexadecimal digits. */
  readonly value_sha256: string;
  /** `<topic id>/<partition>/<offset>/<group>`: where the failed record was first, and for whom it failed. */
  readonly identity: string;
  /** Which replay of this record it is, from 1. */
  readonly replay_count: number;
}

/** One chunk of a replay, as `dlq.replay.commands` carries it. Replay and number name it, however often it is issued. */
export interface ReplayChunk {
  readonly replay_id: string;
  /** From 0. */
  readonly chunk: number;
  /** Epoch milliseconds of the first time that it was issued. */
  readonly issued_at: number;
  /** Epoch milliseconds, from which on nothing of it is published. */
  readonly deadline: number;
  /** A record whose replay count would be higher is answered as `capped`. */
  readonly max_attempts: number;
  /** 1 to 500, in the order in which they are published. */
  readonly records: readonly ReplayRecord[];
}

/** The most records of a chunk: what one transaction may hold readers up for. */
export const MAX_CHUNK_RECORDS = 500;

/** Writes chunks with the newest schema. */
export function replayChunkEncoder(
  registry: SchemaRegistryClient,
  { autoRegister }: { readonly autoRegister: boolean },
): AvroEncoder<ReplayChunk> {
  const { subject, compatibility } = subjects.replayCommands;
  return new AvroEncoder(registry, {
    subject,
    schema: newestSchema(subjects.replayCommands),
    compatibility,
    autoRegister,
  });
}
