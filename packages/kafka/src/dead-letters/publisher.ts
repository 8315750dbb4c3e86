import { setImmediate as nextTurn } from 'node:timers/promises';

import { metricsDlq } from '@weir/topics';

import type { ProducerOptions } from '../clients/producer/options.js';
import type { RecordProducer } from '../clients/producer/record-producer.js';
import { wireBytes } from '../clients/producer/sendable.js';
import type { OutgoingRecord, RecordHeader } from '../records.js';
import type { DeadLetter } from './dead-letter.js';
import { envelopeText } from './envelope-text.js';
import { buildEnvelope } from './envelope.js';
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

/**
 * How the producer for the DLQ is set: large records, packed tightly, and a queue that any two of them fit into. A batch waits for all of its letters
 * anyway, so that many are acknowledged as a group: docs/adr/0016.
 */
export const deadLetterProducerOptions = {
  name: 'dead-letters',
  compression: metricsDlq.compression,
  lingerMs: 5,
  maxMessageBytes: metricsDlq.maxMessageBytes,
  deliveryTimeoutMs: 30_000,
  groupFrom: 10,
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
  readonly #topic = new RepeatedHeader('__dlq.errors.topic');
  readonly #partition = new RepeatedHeader('__dlq.errors.partition');
  readonly #group = new RepeatedHeader('__dlq.errors.group');
  readonly #attempts = new RepeatedHeader('__dlq.errors.delivery.count');
  readonly #message = new RepeatedHeader('__dlq.errors.message');

  constructor(producer: Pick<RecordProducer, 'send'>, options: DeadLetterPublisherOptions) {
    this.#producer = producer;
    this.#options = options;
  }

  /** Rejects with KafkaProducerError; some of the letters may be in the DLQ then, and publishing all of them again is right. */
  async publish(letters: readonly DeadLetter[]): Promise<void> {
    let sent: Promise<void> | null = null;
    for (const chunk of this.#chunks(letters)) {
      // One after the other: all at once might not fit into the producer's queue, and would change places.
      if (sent !== null) await sent;
      sent = this.#producer.send(chunk);
      if (chunk.length === letters.length) break;
      sent.catch(() => undefined); // it is awaited, though maybe not before it rejects
      await nextTurn(); // it is on its way now, and the next chunk is made meanwhile
    }
    await sent;
  }

  *#chunks(letters: readonly DeadLetter[]): Generator<OutgoingRecord[]> {
    let chunk: OutgoingRecord[] = [];
    let bytes = 0;
    for (const letter of letters) {
      const record = this.#toRecord(letter);
      const size = wireBytes([record], Infinity);
      if (chunk.length > 0 && (chunk.length === CHUNK_RECORDS || bytes + size > CHUNK_BYTES)) {
        yield chunk;
        chunk = [];
        bytes = 0;
      }
      chunk.push(record);
      bytes += size;
    }
    if (chunk.length > 0) yield chunk;
  }

  #toRecord(letter: DeadLetter): OutgoingRecord {
    const { topic, group, serviceVersion, clock = () => new Date() } = this.#options;
    const fitted = fitting(letter.record);
    const envelope = buildEnvelope(letter, { group, serviceVersion, routedAt: clock() }, fitted);
    return {
      topic,
      key: fitted.record.key,
      value: Buffer.from(envelopeText(envelope)),
      headers: this.#headersOf(letter, envelope.dlq_metadata.error),
    };
  }

  /** After KIP-1191: what a tool that knows nothing of Weir can read of a dead letter. And its identity. Values are text. */
  #headersOf(letter: DeadLetter, error: string): RecordHeader[] {
    const { group } = this.#options;
    const { topic, partition, offset } = letter.record;
    return [
      this.#topic.of(topic),
      this.#partition.of(String(partition)),
      header('__dlq.errors.offset', String(offset)),
      this.#group.of(group),
      this.#attempts.of(String(letter.attempts)),
      this.#message.of(error),
      header(ORIGIN_HEADER, identityText(identityOf(letter, group))),
    ];
  }
}

const header = (key: string, value: string): RecordHeader => ({ key, value: Buffer.from(value) });

/** A header that is mostly the same as that of the letter before, and then is that one. */
class RepeatedHeader {
  #text = '';
  #header: RecordHeader;

  constructor(readonly key: string) {
    this.#header = header(key, '');
  }

  of(text: string): RecordHeader {
    if (text !== this.#text) {
      this.#header = header(this.key, text);
      this.#text = text;
    }
    return this.#header;
  }
}
