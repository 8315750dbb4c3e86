import type { ConsumedRecord, TopicWatermarks } from '@weir/kafka';
import { classify, ValidationError } from '@weir/errors';

import { AdminRefusal } from '../http/problems.js';
import type { Cluster, ClusterClients } from './cluster.js';

/** Which messages of one partition: from an offset, from a time (epoch milliseconds), or where both are null the last. */
export interface PeekRequest {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | null;
  readonly timeMs: number | null;
  readonly limit: number;
}

/** Messages as they were read. */
export interface Peeked {
  readonly low: number;
  readonly high: number;
  readonly records: readonly ConsumedRecord[];
  /** Where to go on; null at the end. */
  readonly nextOffset: number | null;
  /** An open transaction holds back what comes next. */
  readonly heldBack: boolean;
}

const MAX_BYTES = 4_000_000;
/** Compaction and transactions leave offsets without a record; so many are looked through for each message. */
const STRETCH = 50;

/** Ends the reading once there is enough. */
class Enough extends Error {}

/**
 * Looks at messages of any topic: without a group, without committing, read_committed, some at a time and a few megabytes at most.
 *
 * Calls go one after the other, so that a large topic never fills the memory twice.
 */
export class Peek {
  constructor(private readonly cluster: Cluster) {}

  /** Throws AdminRefusal `topic_not_found`, or ValidationError `parameter_invalid` for a partition that is not there. */
  read(request: PeekRequest): Promise<Peeked> {
    return this.cluster.ask(async (clients, signal) => {
      const { low, high } = await markOf(clients, request);
      const from = await startOf(clients, request, { low, high });
      const to = Math.min(high, from + request.limit * STRETCH);
      const { records, stoppedBy } = await this.readFrom(clients, request, { from, to }, signal);
      const next = stoppedBy === null ? to : (records.at(-1)?.offset ?? from - 1) + 1;
      return { low, high, records, heldBack: stoppedBy === 'transaction', nextOffset: next < high ? next : null };
    });
  }

  private async readFrom(
    { log }: ClusterClients,
    { topic, partition, limit }: PeekRequest,
    { from, to }: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<{ readonly records: readonly ConsumedRecord[]; readonly stoppedBy: 'limit' | 'transaction' | null }> {
    const records: ConsumedRecord[] = [];
    let bytes = 0;
    const take = (some: readonly ConsumedRecord[]): void => {
      for (const record of some) {
        bytes += sizeOf(record);
        // One is shown, however large it is.
        if (records.length === limit || (records.length > 0 && bytes > MAX_BYTES)) throw new Enough();
        records.push(record);
      }
    };
    try {
      await log.read({ topic, partition, from, to }, take, signal);
      return { records, stoppedBy: null };
    } catch (error) {
      if (error instanceof Enough) return { records, stoppedBy: 'limit' };
      // The brokers were there a moment ago, and say no more of this partition: something is open in it.
      if (classify(error).code === 'kafka_unavailable' && !signal.aborted) return { records, stoppedBy: 'transaction' };
      throw error;
    }
  }
}

const sizeOf = ({ key, value, headers }: ConsumedRecord): number =>
  (key?.length ?? 0) + (value?.length ?? 0) + headers.reduce((sum, header) => sum + (header.value?.length ?? 0), 0);

async function markOf({ admin }: ClusterClients, { topic, partition }: PeekRequest): Promise<TopicWatermarks> {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic)) throw new AdminRefusal('topic_not_found');
  const marks = await admin.watermarks([topic]);
  if (marks.length === 0) throw new AdminRefusal('topic_not_found');
  const mark = marks.find((each) => each.partition === partition);
  if (mark === undefined)
    throw new ValidationError('parameter_invalid', `\`partition\` must be one from 0 to ${marks.length - 1}.`);
  return mark;
}

async function startOf(
  { admin }: ClusterClients,
  { topic, partition, offset, timeMs, limit }: PeekRequest,
  { low, high }: { readonly low: number; readonly high: number },
): Promise<number> {
  if (offset !== null) return Math.min(Math.max(offset, low), high);
  if (timeMs === null) return Math.max(low, high - limit);
  const offsets = await admin.offsetsAt([topic], timeMs);
  return offsets.find((at) => at.partition === partition)?.offset ?? high;
}
