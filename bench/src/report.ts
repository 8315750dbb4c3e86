import type { ContenderResult, StageResult } from './run.js';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ratio = (value: number): string => value.toFixed(2);

/** A stage's result, for a terminal. */
export function textOf({ name, unit, about, target, peerTarget, ahead, contenders }: StageResult): string {
  const compared = Object.entries(ahead).map(([peer, { min, median, max }]) => {
    const wanted = peerTarget === null ? '' : `; wanted ${ratio(peerTarget)}`;
    return `  weir is ${ratio(median)} of ${peer} (${ratio(min)} to ${ratio(max)}${wanted})`;
  });
  return [`${name}: ${about}`, ...contenders.map((each) => lineOf(each, unit, target)), ...compared, ''].join('\n');
}

function lineOf(
  { name, perSecond, ratio: to, latencyMs, processes }: ContenderResult,
  unit: string,
  target: number | null,
): string {
  const parts = [
    `  ${name.padEnd(8)} ${whole(perSecond.median)} ${unit}/s (${whole(perSecond.min)} to ${whole(perSecond.max)})`,
    to === null || name !== 'weir'
      ? ''
      : `${ratio(to.median)} of the limit (${ratio(to.min)} to ${ratio(to.max)}${target === null ? '' : `; wanted ${ratio(target)}`})`,
    latencyMs === null ? '' : `p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms`,
    Object.entries(processes)
      .map(([process, use]) => `${process} ${use.cpuMicros.toFixed(2)} µs, ${whole(use.peakMegabytes)} MB`)
      .join('; '),
  ];
  return parts.filter((part) => part !== '').join('\n           ');
}
