import type { ProcessUse } from './measure/process-use.js';
import type { Percentiles } from './measure/ratios.js';

/** One run of a contender. */
export interface Run {
  /** Metrics, records or rows that were done with. */
  readonly count: number;
  readonly seconds: number;
  /** Until a request was answered. */
  readonly latencyMs?: Percentiles;
  /** From a request until its sample can be read. */
  readonly freshnessMs?: Percentiles;
  /** By process. */
  readonly use?: Readonly<Record<string, ProcessUse>>;
}

/** Somebody who does a stage's work: the limit, Weir, a peer. */
export interface Contender {
  /** `limit`, `weir`, or a peer's name. */
  readonly name: string;
  /** Rejects where it lost or invented anything. */
  run(): Promise<Run>;
}

/** A contender with processes of its own. */
export interface ClosingContender extends Contender {
  close(): Promise<void>;
}

/** A stage with everything started that it needs. */
export interface OpenStage {
  /** The first is what the others are measured against. */
  readonly contenders: readonly Contender[];
  close(): Promise<void>;
}

/** How much each run does. */
export interface Extent {
  readonly seconds: number;
  readonly records: number;
  /** Whether what a user would take instead does the same work in turn. */
  readonly peers: boolean;
}

export interface Stage {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  /** What Weir does here, and what the limit is. */
  readonly about: string;
  /** The ratio to the limit that Weir wants to reach; null where it only tells. */
  readonly target: number | null;
  /** How many a second Weir wants to do on two cores, whatever the limit does. */
  readonly wantedPerSecond?: number;
  /** What p50 and p99 want to stay below, in milliseconds. */
  readonly wantedMs?: { readonly latency: Partial<Percentiles>; readonly freshness: Partial<Percentiles> };
  /** The ratio to each peer that Weir wants to reach; null where there is none to compare with. */
  readonly peerTarget: number | null;
  open(extent: Extent): Promise<OpenStage>;
}

/** Lets go of a stage's other contenders, and then of its system. */
export async function closed(
  others: readonly Pick<ClosingContender, 'close'>[],
  weir: { stop(): Promise<void> },
): Promise<void> {
  for (const other of others) await other.close();
  await weir.stop();
}
