import type { CounterName, GaugeName, HistogramName, LabelOf, MetricName } from '@weir/telemetry';

/** What Prometheus itself adds to whatever it scrapes. */
type TargetLabel = 'instance' | 'job';
/** Metrics that are not Weir's: Prometheus' own, and those that prom-client tells of a Node process. */
export const FOREIGN_METRICS = [
  'up',
  'ALERTS',
  'nodejs_eventloop_lag_p99_seconds',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
] as const;
type ForeignMetric = (typeof FOREIGN_METRICS)[number];
/** What rules of deploy/prometheus record, and the labels that it keeps. */
export const RECORDED = {
  'weir:lag_records:sum': ['group', 'topic'],
  'weir:lag_seconds:max': ['group', 'topic'],
  'weir:freshness_late:ratio_rate1h': [],
  'weir:partition_skew:ratio_rate1h': ['topic'],
} as const;
type RecordedName = keyof typeof RECORDED;
type SeriesName = MetricName | RecordedName | ForeignMetric;
type LabelFor<Name extends SeriesName> = Name extends MetricName
  ? LabelOf<Name> | TargetLabel
  : Name extends RecordedName
    ? (typeof RECORDED)[Name][number]
    : string;

export interface Matcher {
  readonly operator: '=' | '!=' | '=~';
  readonly value: string;
}
/** A string is matched whole. */
export type Matchers<Name extends SeriesName> = Readonly<Partial<Record<LabelFor<Name>, string | Matcher>>>;
/** A regular expression, which a template variable of several values becomes. */
export const like = (value: string): Matcher => ({ operator: '=~', value });
export const not = (value: string): Matcher => ({ operator: '!=', value });

/** As long as four scrapes, and as the distance of two points of the graph at least. */
const WINDOW = '$__rate_interval';
/** What the time picker shows, as a duration and in seconds. */
const RANGE = '$__range';
const RANGE_SECONDS = '$__range_s';

/** `name{label="value"}`; the compiler knows the name and its labels. */
export function series<Name extends SeriesName>(name: Name, matchers?: Matchers<Name>): string {
  return selector(name, matchers);
}

function selector(name: string, matchers?: Readonly<Record<string, string | Matcher | undefined>>): string {
  const parts = Object.entries(matchers ?? {}).flatMap(([label, given]) => {
    if (given === undefined) return [];
    const { operator, value } = typeof given === 'string' ? { operator: '=', value: given } : given;
    return [`${label}${operator}${JSON.stringify(value)}`];
  });
  return parts.length === 0 ? name : `${name}{${parts.join(', ')}}`;
}

type CountName = CounterName | 'process_cpu_seconds_total';

/** Per second. */
export function rate<Name extends CountName>(name: Name, matchers?: Matchers<Name>): string {
  return `rate(${selector(name, matchers)}[${WINDOW}])`;
}

/** Growth of a gauge that only grows, such as the end of a log, per second. */
export function growth<Name extends GaugeName>(name: Name, matchers?: Matchers<Name>): string {
  return `rate(${selector(name, matchers)}[${WINDOW}])`;
}

/**
 * How much a counter has grown in the shown time, by these labels.
 *
 * `increase` alone compares samples, and is blind to what a counter had when it was seen first: of a code that was never
 * there before, the one refusal that there was. So the first value of a series that is new in the shown time is added. New is
 * one whose process was watched before without it, or began in the shown time: after a gap of Prometheus' own nothing is.
 */
export function counted<Name extends CounterName>(
  name: Name,
  by: readonly LabelFor<Name>[],
  matchers?: Matchers<Name>,
): string {
  const chosen = selector(name, matchers);
  const increased = `increase(${chosen}[${RANGE}])`;
  const watched = `up offset ${RANGE} or time() - process_start_time_seconds < ${RANGE_SECONDS}`;
  const born = `(min_over_time(${chosen}[${RANGE}]) unless ${chosen} offset ${RANGE}) and on (job, instance) (${watched})`;
  return sum(`${increased} + (${born} or ${increased} * 0)`, by);
}

export const sum = (expression: string, by: readonly string[] = []): string => aggregate('sum', expression, by);
export const max = (expression: string, by: readonly string[] = []): string => aggregate('max', expression, by);
export const min = (expression: string, by: readonly string[] = []): string => aggregate('min', expression, by);

function aggregate(operator: string, expression: string, by: readonly string[]): string {
  return `${operator}${by.length === 0 ? '' : ` by (${by.join(', ')})`}(${expression})`;
}

/** The largest, so that a panel stays legible with thousands of tenants. */
export const top = (count: number, expression: string): string => `topk(${count}, ${expression})`;

/** For what is counted from its first occurrence on: not there is 0. Only where nothing else tells that a part is away. */
export const orZero = (expression: string): string => `(${expression} or vector(0))`;

/** 0 where this app answers and has not counted yet; nothing where it is away, so that nobody takes silence for good news. */
export const idleIsZero = (expression: string, app: string): string =>
  `(${expression} or (max(${series('up', { job: app })}) > 0) * 0)`;

/** From 0 to 1; 0 where there is nothing at all. */
export const share = (part: string, whole: string): string => `${orZero(part)} / clamp_min(${whole}, 0.001)`;

/** A label that says the same of every series. */
export const labelled = (expression: string, label: string, value: string): string =>
  `label_replace(${expression}, "${label}", "${value}", "", "")`;

/** By interpolation within buckets, in the histogram's unit. */
export function quantile<Name extends HistogramName>(
  q: number,
  name: Name,
  by: readonly LabelFor<Name>[] = [],
  matchers?: Matchers<Name>,
): string {
  return `histogram_quantile(${q}, ${sum(`rate(${selector(`${name}_bucket`, matchers)}[${WINDOW}])`, ['le', ...by])})`;
}

/** How many observations fell into each bucket: rows of a heatmap. */
export function buckets<Name extends HistogramName>(name: Name, matchers?: Matchers<Name>): string {
  return sum(`increase(${selector(`${name}_bucket`, matchers)}[${WINDOW}])`, ['le']);
}

/** Arithmetic mean of what was observed. */
export function mean<Name extends HistogramName>(name: Name, matchers?: Matchers<Name>): string {
  const part = (suffix: string): string => sum(`rate(${selector(`${name}_${suffix}`, matchers)}[${WINDOW}])`);
  return `${part('sum')} / ${part('count')}`;
}
