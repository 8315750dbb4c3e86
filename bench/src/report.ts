import type { Percentiles } from './measure/ratios.js';
import type { ContenderResult, StageResult } from './run.js';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ratio = (value: number): string => value.toFixed(2);

/** A stage's result, for a terminal. */
export function textOf(result: StageResult): string {
  const { name, about, peerTarget, ahead, contenders } = result;
  const compared = Object.entries(ahead).map(([peer, { min, median, max }]) => {
    const wanted = peerTarget === null ? '' : `; wanted ${ratio(peerTarget)}`;
    return `  weir is ${ratio(median)} of ${peer} (${ratio(min)} to ${ratio(max)}${wanted})`;
  });
  return [`${name}: ${about}`, ...contenders.map((each) => lineOf(each, result)), ...compared, ''].join('\n');
}

function lineOf(
  { name, perSecond, ratio: to, latencyMs, freshnessMs, processes }: ContenderResult,
  { unit, target, wantedPerSecond, wantedMs }: StageResult,
): string {
  const wanted = name === 'weir' ? wantedMs : undefined;
  const atLeast = name === 'weir' && wantedPerSecond !== undefined ? `; wanted ${whole(wantedPerSecond)}` : '';
  const parts = [
    `  ${name.padEnd(8)} ${whole(perSecond.median)} ${unit}/s (${whole(perSecond.min)} to ${whole(perSecond.max)}${atLeast})`,
    to === null || name !== 'weir'
      ? ''
      : `${ratio(to.median)} of the limit (${ratio(to.min)} to ${ratio(to.max)}${target === null ? '' : `; wanted ${ratio(target)}`})`,
    timesOf('answered', latencyMs, wanted?.latency),
    timesOf('readable', freshnessMs, wanted?.freshness),
    Object.entries(processes)
      .map(([process, use]) => `${process} ${use.cpuMicros.toFixed(2)} µs, ${whole(use.peakMegabytes)} MB`)
      .join('; '),
  ];
  return parts.filter((part) => part !== '').join('\n           ');
}

function timesOf(what: string, told: Percentiles | null, wanted: Partial<Percentiles> = {}): string {
  if (told === null) return '';
  const each = (['p50', 'p99'] as const).map((name) => {
    const limit = wanted[name];
    return `${name} ${told[name].toFixed(1)} ms${limit === undefined ? '' : ` (wanted ${limit})`}`;
  });
  return `${what} after ${each.join(', ')}`;
}
