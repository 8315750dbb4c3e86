import { type PrometheusEngines, startPrometheus } from './prometheus-engines.js';

/** One series of an answer, with its values that are numbers. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

/** A Prometheus with the rules of deploy/prometheus, which watches apps of a test every second. */
export class Watching {
  private constructor(private readonly engines: PrometheusEngines) {}

  /** `targets`: where each app serves `/metrics`, `host:port`, by its name. */
  static async start(targets: Readonly<Record<string, readonly string[]>>): Promise<Watching> {
    return new Watching(await startPrometheus(targets));
  }

  /** As it is now. Rejects where Prometheus refuses the query. */
  now(query: string): Promise<Series[]> {
    return this.ask('query', { query });
  }

  /** Over the last seconds. */
  lately(query: string, seconds: number): Promise<Series[]> {
    const end = Date.now() / 1_000;
    return this.ask('query_range', { query, start: String(end - seconds), end: String(end), step: '2' });
  }

  stop(): Promise<void> {
    return this.engines.stop();
  }

  private async ask(what: string, parameters: Readonly<Record<string, string>>): Promise<Series[]> {
    const body = new URLSearchParams(parameters);
    const response = await fetch(`${this.engines.prometheusUrl}/api/v1/${what}`, { method: 'POST', body });
    const { status, error, data } = (await response.json()) as Answer;
    if (status !== 'success' || data === undefined) throw new Error(`${error ?? status}: ${parameters['query']}`);
    return data.result.map(({ metric, value, values }) => ({
      labels: metric,
      values: (values ?? (value === undefined ? [] : [value]))
        .map(([, text]) => Number(text))
        .filter((n) => !Number.isNaN(n)),
    }));
  }
}
