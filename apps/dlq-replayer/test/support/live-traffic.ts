import { setTimeout as wait } from 'node:timers/promises';

import { BatchConsumer, RecordProducer } from '@weir/kafka';
import { eventually, uniqueName } from '@weir/testing';

import { connectionTo } from './replay-topics.js';

const EVERY_MS = 100;
const LIVE = 'live';

/** Records that others go on writing to a topic, outside of every transaction, and how long read_committed readers wait for them. */
export class LiveTraffic {
  /** The longest that a record took from its acknowledgement to a reader, in milliseconds. */
  longestMs = 0;
  private readonly acknowledgedAt = new Map<string, number>();
  private readonly producer = new RecordProducer(connectionTo(), {
    name: LIVE,
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 10_000,
    maxQueuedBytes: 10_000_000,
  });
  private readonly consumer: BatchConsumer;
  private readonly ended = new AbortController();
  private written = 0;
  private working: Promise<void> = Promise.resolve();

  constructor(private readonly topic: string) {
    this.consumer = new BatchConsumer(connectionTo(), {
      groupId: uniqueName(LIVE),
      topics: [topic],
      handler: async ({ records }) => {
        for (const { key } of records) this.seen(key?.toString() ?? '');
      },
    });
  }

  async start(partitions: number): Promise<this> {
    await this.producer.start();
    await this.consumer.start();
    // Nobody is held back before there is a reader.
    await eventually(() => this.consumer.assignment.length === partitions, Boolean, { timeoutMs: 60_000 });
    this.working = this.write(partitions);
    return this;
  }

  /** Writes no more, and resolves once the reader has everything: with how many records that were. */
  async finish(): Promise<number> {
    this.ended.abort();
    await this.working;
    await eventually(() => this.acknowledgedAt.size === 0, Boolean, { timeoutMs: 60_000 });
    return this.written;
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.working;
    await Promise.all([this.consumer.stop(1_000), this.producer.close(1_000)]);
  }

  private seen(key: string): void {
    const at = this.acknowledgedAt.get(key);
    if (at === undefined) return;
    this.acknowledgedAt.delete(key);
    this.longestMs = Math.max(this.longestMs, performance.now() - at);
  }

  private async write(partitions: number): Promise<void> {
    for (const { signal } = this.ended; !signal.aborted;) {
      const records = Array.from({ length: partitions }, (_, partition) => ({
        topic: this.topic,
        partition,
        key: `${LIVE}-${this.written + partition}`,
        value: Buffer.from(LIVE),
      }));
      this.written += partitions;
      // Before they are sent, since a reader may be quicker than the acknowledgement.
      for (const { key } of records) this.acknowledgedAt.set(key, performance.now());
      await this.producer.send(records);
      const now = performance.now();
      for (const { key } of records) if (this.acknowledgedAt.has(key)) this.acknowledgedAt.set(key, now);
      await wait(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
