import type { Logger } from '../logs/logger.js';
import type { Traces } from './traces.js';

/** Where spans go, and which. Times in milliseconds. */
export interface TracesOptions {
  /** The whole URL that spans are posted to (OTLP over HTTP). */
  readonly endpoint: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'none' | 'gzip';
  /** Of one batch of spans, repetitions included. */
  readonly timeoutMs: number;
  /** Paths of PEM files. */
  readonly tls: {
    readonly authority: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
  };
  readonly sampler: { readonly name: SamplerName; readonly ratio: number };
  readonly resource: Readonly<Record<string, string>>;
  readonly queue: {
    /** Further spans are dropped. */
    readonly maxSpans: number;
    readonly batchSpans: number;
    readonly delayMs: number;
    readonly exportTimeoutMs: number;
  };
}

export type SamplerName = `${'' | 'parentbased_'}${'always_on' | 'always_off' | 'traceidratio'}`;

/** What a process says of itself in every span. */
export interface TracedProcess {
  readonly name: string;
  readonly version: string;
  readonly instance: string;
}

/**
 * The spans of a process. Null options mean that traces are off: nothing is loaded then, and there are none.
 *
 * Whatever becomes of the collector, nobody waits for it: spans queue up to a bound and are dropped past it, and the log says so once.
 * Rejects where a certificate cannot be read.
 */
export async function openTraces(
  options: TracesOptions | null,
  process: TracedProcess,
  logger: Logger,
): Promise<Traces | null> {
  if (options === null) return null;
  const { OtlpTraces } = await import('./otlp-traces.js');
  return OtlpTraces.open(options, process, logger);
}
