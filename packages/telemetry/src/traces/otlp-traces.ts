import { setTimeout as wait } from 'node:timers/promises';

import {
  type Context,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

import { describeError, type ErrorDescription } from '../logs/describe-error.js';
import type { Logger } from '../logs/logger.js';
import { scrub } from '../logs/scrub.js';
import { activeTrace, enterTrace } from './active-trace.js';
import { exporterOf } from './exporter.js';
import type { TracedProcess, TracesOptions } from './open-traces.js';
import { samplerOf } from './sampling.js';
import { ToldExporter } from './told-exporter.js';
import type { TraceContext } from './trace-context.js';
import { type Span, type SpanAttributes, type SpanOptions, Traces } from './traces.js';

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

/** Spans by OpenTelemetry's SDK, sent as OTLP over HTTP. Loaded only where traces are on. */
export class OtlpTraces extends Traces {
  private readonly tracer: Tracer;

  private constructor(private readonly provider: TracerProvider) {
    super();
    this.tracer = provider.getTracer('weir');
  }

  static async open(options: TracesOptions, process: TracedProcess, logger: Logger): Promise<OtlpTraces> {
    const { endpoint, queue, resource, sampler } = options;
    const exporter = new ToldExporter(await exporterOf(options), logger, new URL(endpoint).origin);
    const processor = new BatchSpanProcessor({
      exporter,
      maxQueueSize: queue.maxSpans,
      maxExportBatchSize: queue.batchSpans,
      scheduledDelayMillis: queue.delayMs,
      exportTimeoutMillis: queue.exportTimeoutMs,
    });
    return new OtlpTraces(
      new TracerProvider({
        resource: defaultResource().merge(resourceFromAttributes({ ...attributesOf(process), ...resource })),
        sampler: samplerOf(sampler),
        spanProcessors: [processor],
      }),
    );
  }

  start(name: string, { kind = 'internal', attributes, parent, links = [], startMs }: SpanOptions = {}): Span {
    const within = parent === undefined ? activeTrace() : parent;
    const options = {
      kind: KINDS[kind],
      links: links.map((context) => ({ context: toSdk(context) })),
      ...(attributes !== undefined && { attributes }),
      ...(startMs !== undefined && { startTime: startMs }),
    };
    return new OtlpSpan(this.tracer.startSpan(name, options, contextOf(within)));
  }

  within<T>(span: Span, work: () => T): T {
    return enterTrace(span.context, work);
  }

  async close(timeoutMs: number): Promise<void> {
    const over = new AbortController();
    const closed = this.provider.shutdown().catch(() => undefined); // the exporter has told why
    await Promise.race([closed, wait(timeoutMs, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }
}

class OtlpSpan implements Span {
  readonly context: TraceContext;

  constructor(private readonly span: SdkSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.context = { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0, remote: false };
  }

  get recorded(): boolean {
    return this.span.isRecording();
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes);
  }

  fail(thrown: unknown): void {
    if (!this.recorded) return;
    const { type, code, message } = typeof thrown === 'string' ? nameless(thrown) : describeError(thrown);
    this.span.setAttribute('error.type', typeof code === 'string' ? code : type);
    this.span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== '' && { message: String(scrub(message)) }) });
  }

  end(): void {
    this.span.end();
  }
}

const nameless = (type: string): ErrorDescription => ({ type, message: '' });

const attributesOf = ({ name, version, instance }: TracedProcess): Readonly<Record<string, string>> => ({
  'service.name': name,
  'service.version': version,
  'service.instance.id': instance,
  'service.namespace': 'weir',
});

function contextOf(within: TraceContext | null): Context {
  return within === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, toSdk(within));
}

function toSdk({ traceId, spanId, sampled, remote }: TraceContext): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: remote };
}
