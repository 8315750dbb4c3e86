import type { Message } from '@confluentinc/kafka-javascript';
import { KafkaConsumerError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
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

/** Offsets `from` (inclusive) to `to` (exclusive). */
export interface OffsetStretch {
  readonly from: number;
  readonly to: number;
}

/** Epoch milliseconds; null where no record is there. */
interface AppendTimes {
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_POLL_MS = 20;
const MAX_POLL_RECORDS = 200;

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
  lookFrom(at: TopicPartitionOffset): Promise<LogProbeResult> {
    return this.look(at, async (log) => {
      const first = await log.firstBetween(at.offset, Infinity);
      // Asked again: retention may have taken what was not found.
      return { lowWatermark: (await log.watermarks()).low, firstOffset: first?.offset ?? null };
    });
  }

  /**
   * As `lookFrom`, for any number of stretches of one partition, in ascending order and near each other: they are read in one go.
   * `firstOffset` is that of the first record in any of them.
   */
  lookInto(partition: TopicPartition, stretches: readonly OffsetStretch[]): Promise<LogProbeResult> {
    return this.look(partition, async (log) => {
      const firstOffset = await log.firstWithin(stretches);
      return { lowWatermark: (await log.watermarks()).low, firstOffset };
    });
  }

  /**
   * When the first and the last of the records at `from` (inclusive) to `to` (exclusive) that are still there were appended, epoch
   * milliseconds; null where there is none. Rejects as `lookFrom` does.
   */
  async appendTimes(partition: TopicPartition, from: number, to: number): Promise<AppendTimes> {
    const first = await this.look(partition, (log) => log.firstBetween(from, to));
    if (first === null) return { firstMs: null, lastMs: null };
    // The last is found from the end, in steps that double over what is empty there.
    for (let step = 1; ; step *= 2) {
      const start = Math.max(to - step, first.offset);
      const last = await this.look(partition, (log) => log.lastBetween(start, to));
      if (last !== null || start === first.offset)
        return { firstMs: first.timestamp ?? null, lastMs: (last ?? first).timestamp ?? null };
    }
  }

  private async look<T>({ topic, partition }: TopicPartition, answer: (log: OpenLog) => Promise<T>): Promise<T> {
    const readable = new Wake();
    const client = new NativeClient(grouplessSettings(this.connection, 'probe'), {
      rebalance: () => undefined,
      error: () => undefined,
      readable: () => readable.call(),
    });
    try {
      await client.connect(Math.min(CONNECT_TIMEOUT_MS, this.timeoutMs));
      const { low, high } = await client.watermarks({ topic, partition });
      return await answer(new OpenLog(client, { topic, partition }, low, high, readable, this.timeoutMs));
    } catch (error) {
      throw consumerError(error);
    } finally {
      await client.close();
    }
  }
}

/** One partition, as it is while it is looked into. */
class OpenLog {
  constructor(
    private readonly client: NativeClient,
    private readonly partition: TopicPartition,
    private readonly low: number,
    private readonly high: number,
    private readonly readable: Wake,
    private readonly timeoutMs: number,
  ) {}

  watermarks(): Promise<{ low: number; high: number }> {
    return this.client.watermarks(this.partition);
  }

  /** The first record at `from` or after it and below `to`; null where there is none. */
  async firstBetween(from: number, to: number): Promise<Message | null> {
    return this.goTo(from, to) ? this.nextBelow(to) : null;
  }

  /** Offset of the first record in any of the stretches; null where they are empty. */
  async firstWithin(stretches: readonly OffsetStretch[]): Promise<number | null> {
    const [first, last] = [stretches[0], stretches.at(-1)];
    if (first === undefined || last === undefined || !this.goTo(first.from, last.to)) return null;
    let at = 0;
    for (;;) {
      const records = await this.next(Math.min(last.to, this.high), MAX_POLL_RECORDS);
      if (records.length === 0) return null;
      for (const { offset } of records) {
        while ((stretches[at]?.to ?? Infinity) <= offset) at += 1;
        const stretch = stretches[at];
        if (stretch === undefined) return null;
        if (offset >= stretch.from) return offset;
      }
    }
  }

  /** The last one of them. */
  async lastBetween(from: number, to: number): Promise<Message | null> {
    if (!this.goTo(from, to)) return null;
    let last: Message | null = null;
    for (let next = await this.nextBelow(to); next !== null; next = await this.nextBelow(to)) last = next;
    return last;
  }

  /** Once for each client. False where nothing can be there. */
  private goTo(from: number, to: number): boolean {
    const start: TopicPartitionOffset = { ...this.partition, offset: Math.max(from, this.low) };
    if (start.offset >= Math.min(to, this.high)) return false;
    this.client.assign([start]);
    return true;
  }

  /** What comes next; null where that is not below `to`, or nothing comes up to the end of the log. */
  private async nextBelow(to: number): Promise<Message | null> {
    const [record] = await this.next(Math.min(to, this.high), 1);
    return record !== undefined && record.offset < to ? record : null;
  }

  /** Waits for what comes next; none where nothing comes up to `end`. */
  private async next(end: number, max: number): Promise<Message[]> {
    for (const deadline = Date.now() + this.timeoutMs; Date.now() < deadline;) {
      const records = await this.client.consume(max);
      if (records.length > 0) return records;
      if ((this.client.position(this.partition) ?? 0) >= end) return [];
      await this.readable.wait(IDLE_POLL_MS);
    }
    const { topic, partition } = this.partition;
    throw new KafkaConsumerError(`no answer from ${topic}[${partition}] within ${this.timeoutMs} ms`, {
      code: 'kafka_unavailable',
    });
  }
}
