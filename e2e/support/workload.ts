import { setTimeout as wait } from 'node:timers/promises';

/**
 * A workload whose every value can be told from its series and its time, so that the store can be held against it without a list.
 *
 * Sample `n` belongs to series `n % seriesCount`, to time `startMs + floor(n / seriesCount)` seconds, and has the value `n`.
 */
export interface Workload {
  readonly metric: string;
  readonly samples: number;
  readonly seriesCount: number;
  readonly startMs: number;
}

export interface PostedMetric {
  readonly name: string;
  readonly value: number;
  readonly timestamp: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Sample `n` of a workload, as it is posted. */
export function sampleAt(workload: Workload, n: number): PostedMetric {
  return {
    name: workload.metric,
    value: n,
    timestamp: workload.startMs + Math.floor(n / workload.seriesCount) * 1000,
    labels: { series: String(n % workload.seriesCount), host: `host-${(n % workload.seriesCount) % 50}` },
  };
}

export interface PostOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly clients: number;
  readonly batchSize: number;
  /** Called after each accepted batch with the number of samples accepted so far. */
  readonly onAccepted?: (accepted: number) => void;
}

export interface PostReport {
  readonly accepted: number;
  readonly requests: number;
  /** Answers of 429 or 503, after each of which the same batch was sent again. */
  readonly retries: number;
  readonly seconds: number;
}

/** Posts the whole workload by several clients at once. Rejects on any answer that is neither 202 nor a wish to wait. */
export async function post(workload: Workload, options: PostOptions): Promise<PostReport> {
  const startedMs = Date.now();
  let next = 0;
  let accepted = 0;
  let requests = 0;
  let retries = 0;
  const client = async (): Promise<void> => {
    for (let from = next; from < workload.samples; from = next) {
      const to = Math.min(from + options.batchSize, workload.samples);
      next = to;
      const body = JSON.stringify(Array.from({ length: to - from }, (_, i) => sampleAt(workload, from + i)));
      for (;;) {
        requests += 1;
        const response = await fetch(`${options.url}/api/v1/metrics`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-api-key': options.apiKey },
          body,
        });
        const answer = await response.text();
        if (response.status === 202) break;
        if (response.status !== 503 && response.status !== 429) throw new Error(`${response.status} ${answer}`);
        retries += 1;
        await wait(Number(response.headers.get('retry-after') ?? 1) * 1000);
      }
      accepted += to - from;
      options.onAccepted?.(accepted);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, client));
  return { accepted, requests, retries, seconds: (Date.now() - startedMs) / 1000 };
}
