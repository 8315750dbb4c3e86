/** The samples that every stage works with: those of an HTTP server, 189 bytes each as JSON. */

export const SERIES = 1_000;

export interface BenchSample {
  readonly name: string;
  readonly value: number;
  readonly timestamp: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: string;
}

/** Which series samples are of: `count` of them from number `first` on, with so many labels; a thousand from 0 on with four unless given. */
export interface SeriesSet {
  readonly first?: number;
  readonly count?: number;
  readonly labels?: number;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

/** Sample `n`: of series `n % count`, and `stepMs` after the one before it of that series; no two are alike in both. */
export function sampleAt(n: number, startMs: number, stepMs = 1, set: SeriesSet = {}): BenchSample {
  const timestamp = startMs + Math.floor(n / (set.count ?? SERIES)) * stepMs;
  return { ...seriesAt(seriesOf(n, set), set.labels), value: n, timestamp };
}

/** The number of the series that sample `n` is of. */
export const seriesOf = (n: number, { first = 0, count = SERIES }: SeriesSet = {}): number => first + (n % count);

export const hostOf = (series: number): string => `web-${String(series).padStart(4, '0')}`;

/** A thousand series have the first path, and each further thousand one of its own. */
export const pathOf = (series: number): string =>
  `/api/v1/orders${series < SERIES ? '' : `-${Math.floor(series / SERIES)}`}`;

function seriesAt(series: number, labels?: number): Omit<BenchSample, 'value' | 'timestamp'> {
  const usual = {
    host: hostOf(series),
    method: METHODS[series % METHODS.length] ?? '',
    path: pathOf(series),
    status: '200',
  };
  return {
    name: 'http_request_duration_seconds',
    labels: labels === undefined ? usual : withLabels(usual, labels),
    environment: 'production',
  };
}

/** The first so many labels, and others behind them where they are not enough. */
function withLabels(usual: Readonly<Record<string, string>>, count: number): Record<string, string> {
  const more = Array.from({ length: count }, (_, n) => [`dimension_${n}`, `value-of-${n}`] as const);
  return Object.fromEntries([...Object.entries(usual), ...more].slice(0, count));
}

/** Each series' JSON without value and time: what wrk's script puts those two behind. */
export function jsonOfSeries({ first = 0, count = SERIES, labels }: SeriesSet = {}): string[] {
  return Array.from({ length: count }, (_, at) => JSON.stringify(seriesAt(first + at, labels)).slice(0, -1));
}
