import type { RejectedSample, Verdicts } from './judge-metrics.js';
import { REJECTIONS } from './rejections.js';

/** What is refused with the samples that begin a series too many: `over` has their positions among the accepted, ascending. */
export function withSeriesLimit({ accepted, rejected }: Verdicts, over: readonly number[]): readonly RejectedSample[] {
  const isOver = new Set(over);
  const told: RejectedSample[] = [];
  let nextRejected = 0;
  // What is not among the rejected was accepted, in the order of the request.
  for (let index = 0, position = 0; index < accepted.length + rejected.length; index += 1) {
    const before = rejected[nextRejected];
    if (before?.index === index) {
      told.push(before);
      nextRejected += 1;
      continue;
    }
    if (isOver.has(position)) told.push({ index, code: 'series_limit', detail: REJECTIONS.series_limit });
    position += 1;
  }
  return told;
}
