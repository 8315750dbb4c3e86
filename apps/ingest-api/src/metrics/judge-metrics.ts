import type { MetricEvent } from '@weir/avro';

import { judgeMetric, type JudgingRules } from './judge-metric.js';
import { Rejection, type RejectionCode } from './rejections.js';

/** One line of the answer's `rejected`. `index` counts from 0: in the array, or among the lines that are not blank. */
export interface RejectedSample {
  readonly index: number;
  readonly code: RejectionCode;
  readonly detail: string;
}

export interface Verdicts {
  readonly accepted: readonly MetricEvent[];
  readonly rejected: readonly RejectedSample[];
}

/** Judges each item by itself: a bad one never costs a good one. */
export function judgeMetrics(items: readonly unknown[], rules: JudgingRules): Verdicts {
  const accepted: MetricEvent[] = [];
  const rejected: RejectedSample[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const verdict = judgeMetric(items[index], rules);
    if (verdict instanceof Rejection) rejected.push({ index, code: verdict.code, detail: verdict.detail });
    else accepted.push(verdict);
  }
  return { accepted, rejected };
}
