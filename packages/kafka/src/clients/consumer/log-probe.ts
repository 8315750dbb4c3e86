import { KafkaConsumerError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartitionOffset } from '../../records.js';
import { consumerError } from './client-errors.js';
import { grouplessSettings } from './groupless.js';
import { NativeClient } from './native-client.js';
import { Wake } from './wake.js';

/** What a fresh fetch from an offset finds. */
export interface LogProbeResult {
  /** Offset of the first record that retention has left. */
  readonly lowWatermark: number;
  /** Offset of the first record at or after the one asked for; null where there is none up to the end. */
  readonly firstOffset: number | null;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_POLL_MS = 20;

/**
 * Looks into a partition with a client of its own: no group, no position, nothing fetched before.
 *
 * It answers whether offsets that a consumer did not get are empty (control records, aborted transactions, compaction) or hold
 * a record that a read_committed reader can see. Costs a connection each time, so it is for what is rare.
 */
export class LogProbe {
  constructor(
    private readonly connection: KafkaConnection,
    private readonly timeoutMs = 10_000,
  ) {}

  /** Rejects with KafkaConsumerError where the brokers are away or do not answer in time. */
  async lookFrom({ topic, partition, offset }: TopicPartitionOffset): Promise<LogProbeResult> {
    const readable = new Wake();
    const client = new NativeClient(grouplessSettings(this.connection, 'probe'), {
      rebalance: () => undefined,
      error: () => undefined,
      readable: () => readable.call(),
    });
    try {
      await client.connect(Math.min(CONNECT_TIMEOUT_MS, this.timeoutMs));
      const { low, high } = await client.watermarks({ topic, partition });
      const start = { topic, partition, offset: Math.max(offset, low) };
      if (start.offset >= high) return { lowWatermark: low, firstOffset: null };
      client.assign([start]);
      const firstOffset = await this.firstFrom(client, start, high, readable);
      // Asked again: retention may have taken what was not found.
      return { lowWatermark: (await client.watermarks({ topic, partition })).low, firstOffset };
    } catch (error) {
      throw consumerError(error);
    } finally {
      await client.close();
    }
  }

  private async firstFrom(
    client: NativeClient,
    start: TopicPartitionOffset,
    high: number,
    readable: Wake,
  ): Promise<number | null> {
    for (const deadline = Date.now() + this.timeoutMs; Date.now() < deadline;) {
      const [record] = await client.consume(1);
      if (record !== undefined) return record.offset;
      if ((client.position(start) ?? 0) >= high) return null;
      await readable.wait(IDLE_POLL_MS);
    }
    throw new KafkaConsumerError(`no answer from ${start.topic}[${start.partition}] within ${this.timeoutMs} ms`, {
      code: 'kafka_unavailable',
    });
  }
}
