import { randomUUID } from 'node:crypto';

import { connectSchemaRegistry, type RecordOutcome, replayEventDecoder } from '@weir/avro';
import { RecordDecodeError } from '@weir/errors';
import { type ConsumedRecord, LogReader, type RecordHeader } from '@weir/kafka';
import { engines } from '@weir/testing';
import { dlqReplayEvents } from '@weir/topics';

import type { ConsumerApp } from './consumer-app.js';
import { header } from './events.js';

/** An outcome, and the replay that it is of. */
export interface ToldOutcome extends RecordOutcome {
  readonly replayId: string;
}

const TOPIC_ID = randomUUID();

/** The identity of the nth record that ever failed for a group. */
export const identityOf = (group: string, n: number): string => `${TOPIC_ID}/0/${n}/${group}`;

/** What dlq-replayer adds to the nth record; `at` is when it was first appended, in epoch milliseconds. */
export function replayHeaders(group: string, n: number, { replayId = 'r1', count = 1, at = 1 } = {}): RecordHeader[] {
  return [
    header('weir-replay-id', replayId),
    header('weir-replay-count', String(count)),
    header('weir-origin', identityOf(group, n)),
    header('weir-origin-timestamp', String(at)),
  ];
}

/** Reads outcomes as admin-service does. */
export class OutcomeReader {
  private readonly decoder = replayEventDecoder(connectSchemaRegistry({ url: engines().schemaRegistry.url }));
  private readonly log: LogReader;
  private readonly topic: string;

  constructor(private readonly consumer: Pick<ConsumerApp, 'topics'>) {
    const { bootstrapServers } = engines().kafka;
    const connection = { bootstrapServers, clientId: 'weir-test', securityProtocol: 'PLAINTEXT' } as const;
    this.log = new LogReader(connection, { name: 'outcomes', patienceMs: 30_000 });
    this.topic = consumer.topics.topics.name(dlqReplayEvents);
  }

  /** All that were published so far, copies included. */
  async outcomes(): Promise<ToldOutcome[]> {
    const records: ConsumedRecord[] = [];
    for (const { partition, low, high } of await this.consumer.topics.admin.watermarks([this.topic]))
      await this.log.read({ topic: this.topic, partition, from: low, to: high }, (some) => void records.push(...some));
    await this.decoder.prepare(records.map(({ value }) => value));
    return records.flatMap(({ value, key }) => {
      const event = this.decoder.decode(value ?? Buffer.alloc(0));
      if (event instanceof RecordDecodeError) throw event;
      if (event.replay_id !== String(key)) throw new Error(`${event.replay_id} has the key ${String(key)}`);
      return event.outcomes.map((outcome) => ({ replayId: event.replay_id, ...outcome }));
    });
  }

  /** By identity, without copies: `applied`, or `applied, repeated` where a record was told of in two ways. */
  async byIdentity(): Promise<ReadonlyMap<string, string>> {
    const told = new Map<string, Set<string>>();
    for (const { identity, outcome } of await this.outcomes())
      told.set(identity, (told.get(identity) ?? new Set()).add(outcome));
    return new Map([...told].map(([identity, outcomes]) => [identity, [...outcomes].toSorted().join(', ')]));
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
