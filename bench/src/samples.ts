/** The samples that every stage works with: those of an HTTP server, 189 bytes each as JSON. */

export const SERIES = 1_000;

export interface BenchSample {
  readonly name: string;
  readonly value: number;
  readonly timestamp: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

/** Sample `n`: of series `n % SERIES`, and `stepMs` after the one before it of that series; no two are alike in both. */
export function sampleAt(n: number, startMs: number, stepMs = 1): BenchSample {
  return { ...seriesAt(n % SERIES), value: n, timestamp: startMs + Math.floor(n / SERIES) * stepMs };
}

export const hostOf = (series: number): string => `web-${String(series).padStart(4, '0')}`;

function seriesAt(series: number): Omit<BenchSample, 'value' | 'timestamp'> {
  return {
    name: 'http_request_duration_seconds',
    labels: {
      host: hostOf(series),
      method: METHODS[series % METHODS.length] ?? '',
      path: '/api/v1/orders',
      status: '200',
    },
    environment: 'production',
  };
}

/** Each series' JSON without value and time: what wrk's script puts those two behind. */
export function jsonOfSeries(): string[] {
  return Array.from({ length: SERIES }, (_, series) => JSON.stringify(seriesAt(series)).slice(0, -1));
}
