import type { ProcessUse } from './measure/process-use.js';
import type { Percentiles } from './measure/ratios.js';
import type { Shared } from './shared.js';

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

/** Somebody who does a stage's work: the limit, Weir, a peer; or Weir at one size of an axis. */
export interface Contender {
  /** `limit`, `weir`, or a peer's name; the size where Weir alone is measured, as it grows. */
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
  /** Lets go of what is the stage's alone. */
  close(): Promise<void>;
}

/** How much each run does. */
export interface Extent {
  readonly seconds: number;
  readonly records: number;
  /** What queries find: samples of a day, in all, of so many series. */
  readonly asked: { readonly samples: number; readonly series: number };
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
  /** How many times as long as the first contender's the 95th percentile of the others' answers may take. */
  readonly wantedTail?: number;
  /** How many times the processor time of the first contender a metric may cost any other: sizes of an axis. */
  readonly wantedGrowth?: number;
  /** It runs where it is named, and with `--full`: the small form has no time for it. */
  readonly onRequest?: true;
  /** With `--full` it runs once, for so long, and no round goes before that. */
  readonly onceForSeconds?: number;
  open(extent: Extent, shared: Shared): Promise<OpenStage>;
}

/** Lets go of contenders. */
export async function closed(others: readonly Pick<ClosingContender, 'close'>[]): Promise<void> {
  for (const other of others) await other.close();
}
