import type { AvroEncoder, RecordOutcome, ReplayEvent } from '@weir/avro';
import type { OutgoingRecord } from '@weir/kafka';
import type { OutboxMessage } from '@weir/outbox';

/** Outcomes of one replay, as they wait in the outbox. */
export interface ReplayedRecords {
  readonly replayId: string;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly outcomes: readonly RecordOutcome[];
}

/**
 * A message of the outbox. It is JSON there and becomes Avro when it is published: a batch is settled whether or not the registry has ever
 * told the schema's id.
 */
export function outcomesMessage(topic: string, replayed: ReplayedRecords): OutboxMessage {
  return { topic, key: replayed.replayId, value: Buffer.from(JSON.stringify(replayed)) };
}

/** The registry is asked again by the relay, which tells meanwhile why nothing is published. */
const SCHEMA_TIMEOUT_MS = 5_000;

/** Makes events of `dlq.replay.events` of what waited in the outbox. */
export class OutcomeEvents {
  constructor(
    private readonly encoder: Pick<AvroEncoder<ReplayEvent>, 'ready' | 'encode'>,
    private readonly serviceName: string,
    private readonly stopping: AbortSignal,
  ) {}

  /** Rejects with SchemaRegistryUnavailableError while the registry is needed and away. */
  readonly finish = async (messages: readonly OutgoingRecord[]): Promise<readonly OutgoingRecord[]> => {
    await this.encoder.ready(AbortSignal.any([this.stopping, AbortSignal.timeout(SCHEMA_TIMEOUT_MS)]));
    const values = this.encoder.encode(messages.map(({ value }) => this.eventOf(value)));
    const headers = [{ key: 'source', value: Buffer.from(this.serviceName) }];
    return messages.map((message, at) => ({ ...message, value: values[at] ?? null, headers }));
  };

  private eventOf(value: Buffer | null): ReplayEvent {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `outcomesMessage` writes to this outbox
    const { replayId, occurredAt, outcomes } = JSON.parse(String(value)) as ReplayedRecords;
    return { replay_id: replayId, occurred_at: occurredAt, written_by: this.serviceName, answer: null, outcomes };
  }
}
