import { randomUUID } from 'node:crypto';

import { BatchConsumer, type ConsumedRecord, type KafkaConnection } from '@weir/kafka';

/** Reads a topic from its beginning, as a group of its own; `caughtUp` once it had no lag. */
export class TopicReader {
  private readonly consumer: BatchConsumer;
  private at = Number.NEGATIVE_INFINITY;
  constructor(connection: KafkaConnection, options: { topic: string; onRecord: (record: ConsumedRecord) => void }) {
    this.consumer = new BatchConsumer(connection, {
      groupId: `reader-${randomUUID()}`,
      topics: [options.topic],
      lagIntervalMs: 500,
      metadataRefreshMs: 500,
      handler: (batch) => {
        for (const record of batch.records) options.onRecord(record);
        return Promise.resolve();
      },
      observer: {
        lag: (lags) => {
          if (lags.length > 0 && lags.every(({ lag }) => lag === 0)) this.at = performance.now();
        },
      },
    });
  }
  start(): void {
    void this.consumer.start();
  }
  get caughtUp(): boolean {
    return this.at > 0;
  }
  ageMs(): number {
    return performance.now() - this.at;
  }
  async close(): Promise<void> {
    await this.consumer.stop(1000);
  }
}
