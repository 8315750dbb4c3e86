import { createHash, randomUUID } from 'node:crypto';

import { connectSchemaRegistry, type ReplayEvent, replayEventEncoder } from '@weir/avro';
import { ValidationError } from '@weir/errors';
import {
  type DeadLetter,
  DeadLetterPublisher,
  type KafkaConnection,
  type OutgoingRecord,
  type RecordHeader,
  RecordProducer,
} from '@weir/kafka';
import { engines } from '@weir/testing';
import { dlqReplayEvents, metricsDlq, metricsRaw, type Topics } from '@weir/topics';

const CONNECTION = (): KafkaConnection => ({
  bootstrapServers: engines().kafka.bootstrapServers,
  clientId: 'admin-test-letters',
  securityProtocol: 'PLAINTEXT',
});

/** The consumer for which the records failed. */
const GROUP = 'metrics-consumer';

/** What of a dead letter matters to a test; the rest is usual. */
export interface LetterFacts {
  readonly tenant?: string | null;
  readonly reason?: DeadLetter['reason'];
  readonly class?: DeadLetter['class'];
  readonly error?: string;
  readonly schemaId?: number | null;
  readonly partition?: number;
  readonly offset?: number;
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  readonly routedAt?: Date;
}

/** Writes what metrics-consumer and dlq-replayer write. */
export class Writers {
  readonly topicId = randomUUID();
  private readonly producer = new RecordProducer(CONNECTION(), {
    name: 'test',
    compression: 'lz4',
    lingerMs: 5,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxMessageBytes: metricsDlq.maxMessageBytes,
    maxQueuedRecords: 200_000,
    maxQueuedBytes: 400_000_000,
  });
  private readonly events = replayEventEncoder(connectSchemaRegistry({ url: engines().schemaRegistry.url }), {
    autoRegister: true,
  });
  private offset = 1_000_000;

  private constructor(private readonly topics: Topics) {}

  static async start(topics: Topics): Promise<Writers> {
    const writers = new Writers(topics);
    await writers.producer.start();
    await writers.events.ready();
    return writers;
  }

  /** Dead letters of records at successive offsets, unless told otherwise. The identities of the records. */
  async letters(facts: readonly LetterFacts[]): Promise<string[]> {
    const letters = facts.map((fact) => this.letter(fact));
    const byTime = new Map<number, DeadLetter[]>();
    for (const [index, letter] of letters.entries()) {
      const at = facts[index]?.routedAt?.getTime() ?? 0;
      byTime.set(at, [...(byTime.get(at) ?? []), letter]);
    }
    for (const [at, some] of byTime)
      await new DeadLetterPublisher(this.producer, {
        topic: this.topics.name(metricsDlq),
        group: GROUP,
        serviceVersion: '0.1.0',
        ...(at > 0 && { clock: () => new Date(at) }),
      }).publish(some);
    return letters.map(({ record }) => this.identity(record.partition, record.offset));
  }

  identity(partition: number, offset: number): string {
    return `${this.topicId}/${partition}/${offset}/${GROUP}`;
  }

  /** As somebody else may write them. */
  async raw(records: readonly OutgoingRecord[]): Promise<void> {
    await this.producer.send(records);
  }

  async event(event: ReplayEvent): Promise<void> {
    const [value = null] = this.events.encode([event]);
    await this.producer.send([{ topic: this.topics.name(dlqReplayEvents), key: event.replay_id, value }]);
  }

  async close(): Promise<void> {
    await this.producer.close(5_000);
  }

  private letter(facts: LetterFacts): DeadLetter {
    const { reason = 'name', error = "The name 'a b' is not allowed", tenant = 'acme' } = facts;
    const offset = facts.offset ?? this.offset++;
    return {
      record: {
        topic: this.topics.name(metricsRaw),
        partition: facts.partition ?? 0,
        offset,
        timestampMs: 1_795_000_000_000,
        key: facts.key === undefined ? Buffer.from(`${tenant}/up`) : facts.key,
        value: facts.value === undefined ? createHash('sha256').update(String(offset)).digest() : facts.value,
        headers: facts.headers ?? [],
      },
      topicId: this.topicId,
      class: facts.class ?? 'invalid',
      reason,
      error: new ValidationError(reason, error),
      schemaId: facts.schemaId === undefined ? 7 : facts.schemaId,
      tenantId: tenant,
      attempts: 1,
    };
  }
}
