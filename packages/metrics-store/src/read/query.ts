/** Which series a question is about. Everything given must hold. */
export interface SeriesFilter {
  readonly tenantId: string;
  readonly name?: string;
  /** Only series of this environment; null for those without one. */
  readonly environment?: string | null;
  /** Labels that must have exactly these values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Epoch milliseconds: from `fromMs` on, before `toMs`. */
export interface TimeRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface PointsQuery extends SeriesFilter, TimeRange {
  readonly limit: number;
  /** `nextCursor` of the page before, of the same question. The range is the first page's and may be left out. */
  readonly cursor?: string;
}

export interface Point {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly name: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: string | null;
}

export interface PointsPage {
  readonly points: readonly Point[];
  /** Asks for what comes after this page; null where nothing does. */
  readonly nextCursor: string | null;
}

export const aggregations = ['avg', 'min', 'max', 'sum', 'count', 'last', 'p50', 'p95', 'p99'] as const;
export type Aggregation = (typeof aggregations)[number];

export interface AggregateQuery extends SeriesFilter {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly agg: Aggregation;
  /** Labels whose values make the groups; without any, all series are one group. */
  readonly by?: readonly string[];
}

export interface AggregateResult {
  /** Milliseconds. */
  readonly step: number;
  readonly agg: Aggregation;
  /** Sorted by the values of the labels in `by`. A bucket's timestamp is its beginning, a multiple of `step`; empty buckets are left out. */
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly points: readonly (readonly [timestamp: number, value: number])[];
  }[];
}

export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface SeriesDescription {
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch milliseconds at which the store saw it first. */
  readonly firstSeen: number;
}
