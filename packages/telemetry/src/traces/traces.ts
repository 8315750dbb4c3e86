import type { TraceContext } from './trace-context.js';

/** By the semantic conventions of OpenTelemetry where they have a name, else `weir.*`. No secret, and nothing that a tenant wrote but its id. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** `internal` unless given. */
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: SpanAttributes;
  /** What it is a part of: the active span unless given. Null begins a trace. */
  readonly parent?: TraceContext | null;
  /** What else it has to do with. */
  readonly links?: readonly TraceContext[];
  /** Epoch milliseconds; now unless given. */
  readonly startMs?: number;
}

/** Something that takes time. Whoever starts one ends it. */
export interface Span {
  readonly context: TraceContext;
  /** Whether anything of it is kept. */
  readonly recorded: boolean;
  set(attributes: SpanAttributes): void;
  /** It has failed: by code and message of what was thrown, or by a short word where nothing was. */
  fail(thrown: unknown): void;
  end(): void;
}

/**
 * The spans of a process; the token by which they are injected. Where traces are off there is `null` in its place, nothing of the
 * SDK is loaded, and whoever would make spans asks once for each request or batch.
 */
export abstract class Traces {
  abstract start(name: string, options?: SpanOptions): Span;

  /** What `work` begins is worked within the span: spans are its parts, and log lines carry its ids. */
  abstract within<T>(span: Span, work: () => T): T;

  /** Sends what is left, for so long at most. Never rejects. */
  abstract close(timeoutMs: number): Promise<void>;

  /** A span as long as `work` takes, within which it is done; it fails with what `work` rejects with. */
  around<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    return this.whole(this.start(name, options), work);
  }

  /** The same with a span that was started before: it is ended here. */
  async whole<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
    try {
      return await this.within(span, () => work(span));
    } catch (thrown) {
      span.fail(thrown);
      throw thrown;
    } finally {
      span.end();
    }
  }
}
