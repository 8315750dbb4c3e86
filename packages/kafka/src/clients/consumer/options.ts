import type { BackoffOptions, WeirError } from '@weir/errors';

import type { ClientStatistics } from '../statistics.js';
import type { ConsumedRecord, TopicPartition, TopicPartitionOffset } from '../../records.js';

/** What a handler gets: records of one or more partitions, in offset order within each. */
export interface RecordBatch {
  readonly records: readonly ConsumedRecord[];
  /** 1 at first; one more each time the handler rejected. */
  readonly attempt: number;
  /**
   * Fires when the outcome will not count any more: a partition of the batch is being lost, or `stop` ran out of time.
   * The handler should give up by rejecting; what it has already made durable comes again to whoever owns the partition next.
   */
  readonly signal: AbortSignal;
}

export interface BatchConsumerOptions {
  readonly groupId: string;
  /**
   * Names and patterns. A pattern follows topics that appear later, and must begin with `^` (librdkafka's own regular
   * expressions); a topic that does not exist yet is waited for.
   */
  readonly topics: readonly (string | RegExp)[];
  /**
   * Settles a batch. Once it resolves, the batch's offsets are committed. When it rejects, nothing is committed and the same batch
   * comes again after a pause, for ever: a record that can never succeed is the handler's to put aside.
   */
  readonly handler: (batch: RecordBatch) => Promise<void>;
  /**
   * A broker answers a fetch once it has so many bytes, or after `fetchWaitMs` with what there is. One byte and half a second unless given: whoever
   * reads a busy topic spares the broker many small answers by more of the one and less of the other.
   */
  readonly fetchMinBytes?: number;
  readonly fetchWaitMs?: number;
  /** Most records in one batch; 2000 unless given. As many again are fetched ahead while the handler runs. */
  readonly maxRecords?: number;
  /** Where a partition without a committed offset begins; true (the earliest record) unless given. */
  readonly fromBeginning?: boolean;
  /**
   * The offsets that the handler's own store has settled up to, asked for each newly assigned partition before it is read. Reading starts at
   * the lower of this and the committed offset: the store may have lost a commit that the group still remembers. A partition that is
   * left out starts at the committed offset. A rejection is retried for ever; meanwhile membership is kept and nothing is read.
   */
  readonly startOffsets?: (partitions: readonly TopicPartition[]) => Promise<readonly TopicPartitionOffset[]>;
  readonly observer?: ConsumerObserver;
  /** Pauses between tries of a batch; 200 ms to 30 s unless given. */
  readonly backoff?: BackoffOptions;
  /** After this long without a heartbeat the group gives the partitions to others; 20 s unless given. */
  readonly sessionTimeoutMs?: number;
  /** Also the group's rebalance time-out; 60 s unless given. A handler may run longer: polling goes on beside it. */
  readonly maxPollIntervalMs?: number;
  /**
   * How long a batch may go on for a partition that another member is to get: past it the signal fires, and past it once more the
   * partition is given up all the same. Must be below half of `maxPollIntervalMs`; a sixth of it unless given.
   */
  readonly revokeTimeoutMs?: number;
  /** Lag without progress and without a declared wait for this long is a stall; 120 s unless given. */
  readonly stallTimeoutMs?: number;
  /** How often lag is measured and the cluster asked for a sign of life; 5 s unless given. */
  readonly lagIntervalMs?: number;
  /** How soon a topic that appears later is noticed; 5 s unless given. */
  readonly metadataRefreshMs?: number;
}

/** Why the consumer is not simply running. Codes of errors (`store_unavailable`, …) stand as they are. */
export type ConsumerReason = string;

export interface ConsumerState {
  /**
   * `starting`: not yet a member. `running`: a member, with or without partitions. `waiting`: something else is away, and work goes on
   * by itself once it is back. `failed`: needs someone (credentials, permissions, a stall), though it goes on trying.
   */
  readonly status: 'starting' | 'running' | 'waiting' | 'failed' | 'stopped';
  /** `kafka_unavailable`, `topic_missing`, `paused`, `stalled`, … or the code of the error that the handler rejected with. */
  readonly reason?: ConsumerReason;
  /** Epoch milliseconds at which this status and reason began. */
  readonly since: number;
  /** Partitions assigned. */
  readonly assigned: number;
}

export interface PartitionLag extends TopicPartition {
  /** Records between what is settled and the end (for read_committed: the last stable offset). */
  readonly lag: number;
  /** Age of the oldest record that is not settled, in milliseconds; 0 without lag, null while none of them was fetched. */
  readonly behindMs: number | null;
  /** Offset after the last record that may be read. */
  readonly end: number;
  /** Offset of the next record to be settled. */
  readonly next: number;
}

export interface Stall {
  readonly kind: 'handler' | 'partition';
  readonly partitions: readonly TopicPartition[];
  readonly forMs: number;
}

/** Told of what happens, for metrics and logs. Must not throw; what it throws is reported as a process warning. */
export interface ConsumerObserver {
  stateChanged?(state: ConsumerState): void;
  assigned?(partitions: readonly TopicPartition[]): void;
  revoked?(partitions: readonly TopicPartition[], lost: boolean): void;
  /** Records came, in offset order within a partition; a batch will have them unless their partition goes before. */
  fetched?(records: readonly ConsumedRecord[]): void;
  /** Records were handed to the handler for the first time. */
  delivered?(batch: RecordBatch): void;
  /** The handler resolved after `durationMs`. */
  settled?(batch: RecordBatch, durationMs: number): void;
  /** The handler rejected; the batch comes again after `pauseMs`. */
  rejected?(batch: RecordBatch, error: WeirError, pauseMs: number): void;
  /** The group's coordinator has acknowledged the offsets, `durationMs` after it was asked. */
  committed?(offsets: readonly TopicPartitionOffset[], durationMs: number): void;
  /** The client or the group reported an error; `topic` is empty where it concerns none. */
  failed?(error: WeirError, topic: string): void;
  lag?(lags: readonly PartitionLag[]): void;
  /** Every ten seconds or so, of the native client. */
  statistics?(statistics: ClientStatistics): void;
  /** No progress and no reason to wait: the owner decides whether to end the process. Told once for each stall. */
  stalled?(stall: Stall): void;
}

/** The options with every default filled in. */
export type ConsumerSettings = Required<Omit<BatchConsumerOptions, 'startOffsets' | 'observer'>> &
  Pick<BatchConsumerOptions, 'startOffsets'> & { readonly notify: Notifier };

export type Notifier = <E extends keyof ConsumerObserver>(
  event: E,
  ...facts: Parameters<NonNullable<ConsumerObserver[E]>>
) => void;

/** Fills in the defaults. Throws a RangeError where the time-outs contradict each other or a pattern is none for the client. */
export function consumerSettings(options: BatchConsumerOptions): ConsumerSettings {
  const maxPollIntervalMs = options.maxPollIntervalMs ?? 60_000;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? Math.min(20_000, maxPollIntervalMs);
  const revokeTimeoutMs = options.revokeTimeoutMs ?? Math.floor(maxPollIntervalMs / 6);
  const unanchored = options.topics.find((topic) => typeof topic !== 'string' && !topic.source.startsWith('^'));
  if (unanchored !== undefined)
    throw new RangeError(
      `The pattern ${String(unanchored)} must begin with ^: the Kafka client takes it for a name otherwise`,
    );
  if (maxPollIntervalMs < sessionTimeoutMs)
    throw new RangeError('maxPollIntervalMs must not be below sessionTimeoutMs: the Kafka client refuses it');
  if (revokeTimeoutMs * 2 >= maxPollIntervalMs)
    throw new RangeError('revokeTimeoutMs must be below half of maxPollIntervalMs, or a rebalance times out first');
  return {
    ...options,
    maxPollIntervalMs,
    sessionTimeoutMs,
    revokeTimeoutMs,
    maxRecords: options.maxRecords ?? 2_000,
    fetchMinBytes: options.fetchMinBytes ?? 1,
    fetchWaitMs: options.fetchWaitMs ?? 500,
    fromBeginning: options.fromBeginning ?? true,
    backoff: options.backoff ?? { minMs: 200, maxMs: 30_000 },
    stallTimeoutMs: options.stallTimeoutMs ?? 120_000,
    lagIntervalMs: options.lagIntervalMs ?? 5_000,
    metadataRefreshMs: options.metadataRefreshMs ?? 5_000,
    notify: notifier(options.observer ?? {}),
  };
}

function notifier(observer: ConsumerObserver): Notifier {
  return (event, ...facts) => {
    const listener: unknown = observer[event];
    try {
      if (typeof listener === 'function') Reflect.apply(listener, observer, facts);
    } catch (error) {
      process.emitWarning(`A consumer's observer failed in ${event}: ${String(error)}`);
    }
  };
}
