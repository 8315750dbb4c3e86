import { metricsDlq } from '@weir/topics';

import type { ProducerOptions } from '../clients/producer/options.js';
import type { RecordProducer } from '../clients/producer/record-producer.js';
import { wireBytes } from '../clients/producer/sendable.js';
import type { OutgoingRecord, RecordHeader } from '../records.js';
import type { DeadLetter } from './dead-letter.js';
import { buildEnvelope, errorText } from './envelope.js';
import { fitting } from './fitting.js';
import { identityOf, identityText, ORIGIN_HEADER } from './identity.js';

export interface DeadLetterPublisherOptions {
  /** The DLQ's name on the broker. */
  readonly topic: string;
  /** The consumer group for which the records failed. */
  readonly group: string;
  readonly serviceVersion: string;
  readonly clock?: () => Date;
}

/** How the producer for the DLQ is set: large records, packed tightly, and a queue that any two of them fit into. */
export const deadLetterProducerOptions = {
  name: 'dead-letters',
  compression: metricsDlq.compression,
  lingerMs: 5,
  maxMessageBytes: metricsDlq.maxMessageBytes,
  deliveryTimeoutMs: 30_000,
  maxQueuedRecords: 10_000,
  maxQueuedBytes: 4 * metricsDlq.maxMessageBytes,
} satisfies ProducerOptions;

const CHUNK_RECORDS = 1_000;
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Puts records that can never be stored into the DLQ, with their bytes, the reason, and headers after KIP-1191.
 *
 * Guarantee: when `publish` resolves, every letter was acknowledged by all in-sync replicas. Published twice, a letter has the same
 * identity (`weir-origin`), so that readers count it once.
 */
export class DeadLetterPublisher {
  readonly #producer: Pick<RecordProducer, 'send'>;
  readonly #options: DeadLetterPublisherOptions;

  constructor(producer: Pick<RecordProducer, 'send'>, options: DeadLetterPublisherOptions) {
    this.#producer = producer;
    this.#options = options;
  }

  /** Rejects with KafkaProducerError; some of the letters may be in the DLQ then, and publishing all of them again is right. */
  async publish(letters: readonly DeadLetter[]): Promise<void> {
    let chunk: OutgoingRecord[] = [];
    let bytes = 0;
    for (const letter of letters) {
      const record = this.#toRecord(letter);
      const size = wireBytes([record], Infinity);
      if (chunk.length > 0 && (chunk.length === CHUNK_RECORDS || bytes + size > CHUNK_BYTES)) {
        // One after the other: all at once might not fit into the producer's queue.
        await this.#producer.send(chunk);
        chunk = [];
        bytes = 0;
      }
      chunk.push(record);
      bytes += size;
    }
    await this.#producer.send(chunk);
  }

  #toRecord(letter: DeadLetter): OutgoingRecord {
    const { topic, group, serviceVersion, clock = () => new Date() } = this.#options;
    const envelope = buildEnvelope(letter, { group, serviceVersion, routedAt: clock() });
    return {
      topic,
      key: fitting(letter.record).record.key,
      value: Buffer.from(JSON.stringify(envelope)),
      headers: [...errorHeaders(letter, group), header(ORIGIN_HEADER, identityText(identityOf(letter, group)))],
    };
  }
}

const header = (key: string, value: string): RecordHeader => ({ key, value: Buffer.from(value) });

/** KIP-1191: what a tool that knows nothing of Weir can read of a dead letter. Values are text. */
const errorHeaders = (letter: DeadLetter, group: string): RecordHeader[] => [
  header('__dlq.errors.topic', letter.record.topic),
  header('__dlq.errors.partition', String(letter.record.partition)),
  header('__dlq.errors.offset', String(letter.record.offset)),
  header('__dlq.errors.group', group),
  header('__dlq.errors.delivery.count', String(letter.attempts)),
  header('__dlq.errors.message', errorText(letter)),
];
