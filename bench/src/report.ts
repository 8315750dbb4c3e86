import type { Percentiles, Spread } from './measure/ratios.js';
import type { ContenderResult, StageResult } from './run.js';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
/** Few of what is counted are told by hundredths. */
export const rate = (value: number): string => (value < 10 ? value.toFixed(2) : whole(value));
const ratio = (value: number): string => value.toFixed(2);
const ratios = ({ min, median, max }: Spread, more = ''): string =>
  `${ratio(median)} (${ratio(min)} to ${ratio(max)}${more})`;

/** A stage's result, for a terminal. */
export function textOf(result: StageResult): string {
  const { name, about, peerTarget, ahead, contenders } = result;
  const compared = Object.entries(ahead).map(([peer, to]) => {
    const wanted = peerTarget === null ? '' : `; wanted ${ratio(peerTarget)}`;
    return `  weir by ${peer}: ${ratios(to, wanted)}`;
  });
  return [`${name}: ${about}`, ...contenders.map((each) => lineOf(each, result)), ...compared, ''].join('\n');
}

function lineOf(contender: ContenderResult, stage: StageResult): string {
  const { name, perSecond, latencyMs, freshnessMs, processes } = contender;
  const { unit, wantedPerSecond, wantedMs } = stage;
  const wanted = name === 'weir' ? wantedMs : undefined;
  const atLeast = name === 'weir' && wantedPerSecond !== undefined ? `; wanted ${whole(wantedPerSecond)}` : '';
  const parts = [
    `  ${name.padEnd(8)} ${rate(perSecond.median)} ${unit}/s (${rate(perSecond.min)} to ${rate(perSecond.max)}${atLeast})`,
    ...comparedWithFirst(contender, stage),
    timesOf('answered', latencyMs, wanted?.latency),
    tailOf(contender, stage),
    timesOf('readable', freshnessMs, wanted?.freshness),
    Object.entries(processes)
      .map(([process, use]) => `${process} ${use.cpuMicros.toFixed(2)} µs, ${whole(use.peakMegabytes)} MB`)
      .join('; '),
  ];
  return parts.filter((part) => part !== '').join('\n           ');
}

function tailOf({ tailRatio }: ContenderResult, { wantedTail, contenders: [first] }: StageResult): string {
  if (tailRatio === null || wantedTail === undefined) return '';
  return `p95 by ${first?.name}: ${ratios(tailRatio, `; wanted at most ${wantedTail}`)}`;
}

/** Weir with its limit, or each size of an axis with the smallest. */
function comparedWithFirst(
  { name, ratio: to, cpuMicros, cpuRatio }: ContenderResult,
  { target, wantedGrowth, contenders: [first] }: StageResult,
): string[] {
  if (wantedGrowth === undefined) {
    const wanted = target === null ? '' : `; wanted ${ratio(target)}`;
    return to === null || name !== 'weir' ? [] : [`of the limit: ${ratios(to, wanted)}`];
  }
  const all = cpuMicros === null ? '' : `${cpuMicros.median.toFixed(2)} µs of all processes`;
  const by = `by ${first?.name}`;
  return [
    cpuRatio === null ? all : `${all}, ${by}: ${ratios(cpuRatio, `; wanted at most ${wantedGrowth}`)}`,
    to === null ? '' : `rate ${by}: ${ratios(to)}`,
  ];
}

function timesOf(what: string, told: Percentiles | null, wanted: Partial<Percentiles> = {}): string {
  if (told === null) return '';
  const each = (['p50', 'p95', 'p99'] as const).map((name) => {
    const limit = wanted[name];
    return `${name} ${told[name].toFixed(1)} ms${limit === undefined ? '' : ` (wanted ${limit})`}`;
  });
  return `${what} after ${each.join(', ')}`;
}
