import type { KafkaError } from '@weir/errors';

import type { ConsumedRecord } from '../records.js';

/** What a reader tells metrics and logs. Must not throw. */
export interface TopicReaderObserver {
  /** The brokers or the topic are away, or reading failed. The reader goes on by itself. */
  failed?(error: KafkaError): void;
  /** `onRecord` threw. The record is passed over. */
  recordFailed?(record: ConsumedRecord, error: unknown): void;
  /** A topic that was deleted and made again is read from its beginning. */
  recreated?(topicId: string): void;
}

export interface TopicReaderOptions {
  readonly topic: string;
  /** Called for every record, in order within each partition. An error passes the record over. */
  readonly onRecord: (record: ConsumedRecord) => void;
  readonly observer?: TopicReaderObserver;
}
