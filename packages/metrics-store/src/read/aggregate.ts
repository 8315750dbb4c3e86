import { ValidationError } from '@weir/errors';

import { timestamp } from '../write/binary.js';
import { type QueryBudget, spend } from './budget.js';
import type { AggregateQuery, AggregateResult, Aggregation } from './query.js';
import { matching, type MatchedSeries } from './series.js';
import { outOfRange, type TenantSession } from './tenant-session.js';

type Labels = Readonly<Record<string, string>>;

interface Group {
  /** The values that make it, as JSON. */
  readonly key: string;
  readonly labels: Labels;
  readonly points: (readonly [number, number])[];
}

interface BucketRow {
  readonly grp: number;
  readonly ms: number;
  readonly scanned: string;
  readonly value: number;
}

const MS = `(extract(epoch FROM bucket) * 1000)::float8 AS ms`;
const ARGUMENTS = `$1::uuid[], $2::int[], $3::timestamptz, $4::timestamptz, $5::interval, $6::bigint`;
const fromStats = (value: string): string =>
  `SELECT grp, ${MS}, scanned, ${value} AS value FROM metrics.bucket_stats(${ARGUMENTS}) ORDER BY bucket`;
const quantile = (fraction: number): string =>
  `SELECT grp, ${MS}, scanned, value FROM metrics.bucket_quantile(${ARGUMENTS}, ${fraction}) ORDER BY bucket`;

const STATEMENTS: Record<Aggregation, string> = {
  // Of all samples of the bucket, and never an average of averages.
  avg: fromStats('scaled_sum / samples * power(2::float8, 64)'),
  sum: fromStats('scaled_sum * power(2::float8, 64)'),
  min: fromStats('min'),
  max: fromStats('max'),
  count: fromStats('samples::float8'),
  last: `SELECT grp, ${MS}, scanned, value FROM metrics.bucket_last(${ARGUMENTS}) ORDER BY bucket`,
  p50: quantile(0.5),
  p95: quantile(0.95),
  p99: quantile(0.99),
};

/** One value for each group of series and each bucket; buckets begin at multiples of the step since 1970-01-01 UTC. */
export async function readAggregate(
  session: TenantSession,
  query: AggregateQuery,
  budget: QueryBudget,
): Promise<AggregateResult> {
  const { fromMs, toMs, stepMs: step, agg } = query;
  if (!Number.isSafeInteger(step) || step < 1)
    throw new ValidationError('step', 'A step is a whole number of milliseconds');
  const answer = (groups: readonly Group[]): AggregateResult => ({ step, agg, series: sortGroups(groups) });
  if (fromMs >= toMs) return answer([]);

  const matched = await session.query<MatchedSeries>(matching(query, budget.maxSeries + 1));
  spend(budget, 'maxSeries', matched.length);
  const { groups, members } = groupSeries(matched, query.by ?? []);
  const buckets = Math.ceil(toMs / step) - Math.floor(fromMs / step);
  spend(budget, 'maxPoints', buckets * groups.length);
  if (matched.length === 0) return answer([]);

  const rows = await session.last<BucketRow>({
    text: STATEMENTS[agg],
    values: [
      matched.map(({ id }) => id),
      members,
      timestamp(fromMs),
      timestamp(toMs),
      `${step} milliseconds`,
      budget.maxSamples,
    ],
  });
  spend(
    budget,
    'maxSamples',
    rows.reduce((sum, row) => sum + Number(row.scanned), 0),
  );
  for (const { grp, ms, value } of rows) {
    // A quantile between two values that lie further apart than a double reaches; the other overflows fail in the database.
    if (!Number.isFinite(value)) throw outOfRange();
    groups[grp]?.points.push([ms, value]);
  }
  return answer(groups.filter((group) => group.points.length > 0));
}

/** Groups by the values of the labels in `by`; a series that lacks one of them is in the group that lacks it. */
function groupSeries(matched: readonly MatchedSeries[], by: readonly string[]): { groups: Group[]; members: number[] } {
  const groups: Group[] = [];
  const numbers = new Map<string, number>();
  const members = matched.map((series) => {
    const present = by.filter((label) => Object.hasOwn(series.labels, label)); // not what every object inherits
    const labels = Object.fromEntries(present.map((label) => [label, series.labels[label] ?? '']));
    const key = JSON.stringify(by.map((label) => (present.includes(label) ? labels[label] : null)));
    const number = numbers.get(key) ?? groups.push({ key, labels, points: [] }) - 1;
    numbers.set(key, number);
    return number;
  });
  return { groups, members };
}

/** By the values in the order of `by`; a group that lacks a label comes after those that have it. */
function sortGroups(groups: readonly Group[]): AggregateResult['series'] {
  return groups.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ labels, points }) => ({ labels, points }));
}
