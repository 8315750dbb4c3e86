import { type Percentiles, ratiosOf, type Spread, spreadOf } from './measure/ratios.js';
import { rate } from './report.js';
import type { Shared } from './shared.js';
import type { Extent, OpenStage, Run, Stage } from './stage.js';

/** What one contender did, over all pairs. */
export interface ContenderResult {
  readonly name: string;
  readonly perSecond: Spread;
  /** Of each pair's rate to that of the first contender in the same pair; null for that one itself. */
  readonly ratio: Spread | null;
  /** Processor microseconds of all its processes together, for each of what is counted; null where none is looked at. */
  readonly cpuMicros: Spread | null;
  /** Of each pair's to those of the first contender in the same pair; null for that one itself. */
  readonly cpuRatio: Spread | null;
  readonly latencyMs: Percentiles | null;
  /** Of each pair's 95th percentile of answers to that of the first contender in the same pair; null where either has none. */
  readonly tailRatio: Spread | null;
  readonly freshnessMs: Percentiles | null;
  /** By process: processor microseconds for each of what is counted, and the most memory. Medians. */
  readonly processes: Readonly<Record<string, { readonly cpuMicros: number; readonly peakMegabytes: number }>>;
  readonly runs: readonly Run[];
}

export interface StageResult {
  readonly name: string;
  readonly unit: string;
  readonly about: string;
  readonly target: number | null;
  readonly wantedPerSecond?: number;
  readonly wantedMs?: Stage['wantedMs'];
  readonly peerTarget: number | null;
  readonly wantedTail?: number;
  readonly wantedGrowth?: number;
  /** By peer: Weir's rate by that of the peer in the same pair. */
  readonly ahead: Readonly<Record<string, Spread>>;
  readonly contenders: readonly ContenderResult[];
}

export interface RunOptions {
  readonly pairs: number;
  /** Whether a round goes before that counts for nothing. */
  readonly warmUp: boolean;
  readonly extent: Extent;
  readonly shared: Shared;
  readonly onLine: (text: string) => void;
}

/** Runs the contenders of a stage in turn, again and again. */
export async function runStage(
  stage: Stage,
  { pairs, warmUp, extent, shared, onLine }: RunOptions,
): Promise<StageResult> {
  const open = await stage.open(extent, shared);
  try {
    if (warmUp) await round(open);
    const rounds: (readonly Run[])[] = [];
    while (rounds.length < pairs) {
      const runs = await round(open);
      rounds.push(runs);
      onLine(
        `  ${rounds.length}/${pairs}  ${open.contenders.map(({ name }, at) => `${name} ${rateText(runs[at])}`).join('   ')}`,
      );
    }
    const names = open.contenders.map(({ name }) => name);
    return {
      ...described(stage),
      ahead: aheadOf(names, rounds),
      contenders: names.map((name, at) => resultOf(name, at, rounds)),
    };
  } finally {
    await open.close();
  }
}

const described = ({
  name,
  unit,
  about,
  target,
  wantedPerSecond,
  wantedMs,
  peerTarget,
  wantedTail,
  wantedGrowth,
}: Stage) => ({
  name,
  unit,
  about,
  target,
  ...(wantedPerSecond !== undefined && { wantedPerSecond }),
  ...(wantedMs && { wantedMs }),
  peerTarget,
  ...(wantedTail !== undefined && { wantedTail }),
  ...(wantedGrowth !== undefined && { wantedGrowth }),
});

async function round({ contenders }: OpenStage): Promise<Run[]> {
  const runs: Run[] = [];
  for (const contender of contenders) runs.push(await contender.run());
  return runs;
}

function aheadOf(names: readonly string[], rounds: readonly (readonly Run[])[]): StageResult['ahead'] {
  const ratesOf = (name: string): number[] => rounds.flatMap((each) => each[names.indexOf(name)] ?? []).map(rateOf);
  const peers = names.includes('weir') ? names.filter((name) => name !== 'limit' && name !== 'weir') : [];
  return Object.fromEntries(peers.map((peer) => [peer, spreadOf(ratiosOf(ratesOf('weir'), ratesOf(peer)))]));
}

function resultOf(name: string, at: number, rounds: readonly (readonly Run[])[]): ContenderResult {
  const runs = rounds.flatMap((each) => each[at] ?? []);
  const first = rounds.flatMap((each) => each[0] ?? []);
  const ratioOf = (figure: (run: Run) => number): Spread | null =>
    at === 0 ? null : spreadOf(ratiosOf(runs.map(figure), first.map(figure)));
  const all = [...runs, ...first];
  const measured = all.every(({ use }) => use !== undefined);
  return {
    name,
    perSecond: spreadOf(runs.map(rateOf)),
    ratio: ratioOf(rateOf),
    cpuMicros: measured ? spreadOf(runs.map(cpuMicrosOf)) : null,
    cpuRatio: measured ? ratioOf(cpuMicrosOf) : null,
    tailRatio: all.every(({ latencyMs }) => latencyMs !== undefined) ? ratioOf(tailOf) : null,
    latencyMs: medianOf(runs.flatMap(({ latencyMs }) => latencyMs ?? [])),
    freshnessMs: medianOf(runs.flatMap(({ freshnessMs }) => freshnessMs ?? [])),
    processes: processesOf(runs),
    runs,
  };
}

const rateOf = ({ count, seconds }: Run): number => count / seconds;
const tailOf = ({ latencyMs }: Run): number => latencyMs?.p95 ?? Number.NaN;
const cpuMicrosOf = ({ use = {}, count }: Run): number =>
  Object.values(use).reduce((sum, { cpuSeconds }) => sum + (cpuSeconds * 1e6) / count, 0);
const rateText = (run: Run | undefined): string => (run === undefined ? '-' : rate(rateOf(run)));

function medianOf(known: readonly Percentiles[]): Percentiles | null {
  if (known.length === 0) return null;
  const median = (name: keyof Percentiles): number => spreadOf(known.map((each) => each[name])).median;
  return { p50: median('p50'), p95: median('p95'), p99: median('p99') };
}

function processesOf(runs: readonly Run[]): ContenderResult['processes'] {
  const names = Object.keys(runs[0]?.use ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const uses = runs.flatMap(({ use, count }) => {
        const one = use?.[name];
        return one === undefined
          ? []
          : [{ cpuMicros: (one.cpuSeconds * 1e6) / count, peakMegabytes: one.peakBytes / 1e6 }];
      });
      return [
        name,
        {
          cpuMicros: spreadOf(uses.map(({ cpuMicros }) => cpuMicros)).median,
          peakMegabytes: spreadOf(uses.map(({ peakMegabytes }) => peakMegabytes)).max,
        },
      ];
    }),
  );
}
