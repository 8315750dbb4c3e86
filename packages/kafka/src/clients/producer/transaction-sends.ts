import type { LibrdKafkaError, MessageHeader } from '@confluentinc/kafka-javascript';
import type { KafkaProducerError } from '@weir/errors';

import type { OutgoingRecord, RecordHeader, TopicPartitionOffset } from '../../records.js';
import { errorName, nativeHeaders, type NativeProducer } from './native-producer.js';
import type { ProducerObserver } from './options.js';
import { PendingSend } from './pending-send.js';

/** What became of one send. */
export interface SendOutcome {
  /** Of each record, in the order given; complete where there is no failure. */
  readonly positions: readonly TopicPartitionOffset[];
  /** librdkafka's error for the first record that failed, or what `failAll` was given. */
  readonly failure: LibrdKafkaError | KafkaProducerError | null;
}

interface Waiting {
  readonly send: PendingSend;
  readonly positions: TopicPartitionOffset[];
  failure: SendOutcome['failure'];
}

/** What librdkafka gives back with a record's report. */
class RecordTicket {
  constructor(
    readonly waiting: Waiting,
    readonly index: number,
  ) {}
}

/** The sends of one transaction that are not answered yet. */
export class TransactionSends {
  readonly #observer: Pick<ProducerObserver, 'delivered' | 'failed'>;
  readonly #waiting = new Set<Waiting>();

  constructor(observer: Pick<ProducerObserver, 'delivered' | 'failed'>) {
    this.#observer = observer;
  }

  /** Resolves once each record was taken or has failed; never rejects. */
  produce(client: NativeProducer, records: readonly OutgoingRecord[]): Promise<SendOutcome> {
    if (records.length === 0) return Promise.resolve({ positions: [], failure: null });
    return new Promise((resolve) => {
      const answer = (): void => resolve(waiting);
      const waiting: Waiting = {
        send: new PendingSend(records, records.length, 0, performance.now(), answer, answer),
        positions: [],
        failure: null,
      };
      this.#waiting.add(waiting);
      this.#hand(client, waiting);
    });
  }

  /** Answers every send with this; reports that still come for them are ignored. */
  failAll(error: LibrdKafkaError | KafkaProducerError): void {
    for (const waiting of this.#waiting) {
      waiting.failure ??= error;
      this.#settle(waiting);
    }
  }

  readonly report = (
    error: LibrdKafkaError | null,
    opaque: unknown,
    topic: string,
    partition: number,
    offset: number,
  ): void => {
    if (!(opaque instanceof RecordTicket)) return;
    const { waiting, index } = opaque;
    if (error === null) waiting.positions[index] = { topic, partition, offset: offset < 0 ? -1 : offset };
    else this.#recordFailed(waiting, topic, error);
    waiting.send.remaining -= 1;
    if (waiting.send.remaining === 0) this.#settle(waiting);
  };

  #hand(client: NativeProducer, waiting: Waiting): void {
    const { send } = waiting;
    let lastHeaders: readonly RecordHeader[] | undefined;
    let headers: MessageHeader[] | undefined;
    for (const [index, record] of send.records.entries()) {
      if (record.headers !== lastHeaders) {
        lastHeaders = record.headers;
        headers = nativeHeaders(lastHeaders);
      }
      const refused = client.produce(record, headers, new RecordTicket(waiting, index));
      if (refused === null) continue;
      for (const { topic } of send.records.slice(index)) this.#recordFailed(waiting, topic, refused);
      send.remaining -= send.count - index;
      break;
    }
    send.release();
    if (send.remaining === 0) this.#settle(waiting);
  }

  #recordFailed(waiting: Waiting, topic: string, error: LibrdKafkaError): void {
    waiting.failure ??= error;
    waiting.send.fail(topic, errorName(error.code), 1);
  }

  #settle(waiting: Waiting): void {
    const { send, failure } = waiting;
    if (send.settled) return;
    send.settled = true;
    this.#waiting.delete(waiting);
    send.resolve();
    const seconds = (performance.now() - send.startedAt) / 1000;
    for (const { topic, delivered, failures } of send.outcome()) {
      if (failure === null) this.#observer.delivered?.(topic, delivered, seconds);
      for (const [code, count] of failures) this.#observer.failed?.(topic, code, count);
    }
  }
}
