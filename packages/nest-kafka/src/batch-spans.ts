import {
  type ConsumedRecord,
  type ConsumerObserver,
  headerText,
  type RecordBatch,
  type TopicPartitionOffset,
} from '@weir/kafka';
import { parseTraceparent, type Span, type SpanAttributes, type TraceContext, type Traces } from '@weir/telemetry';

/** As many as a span of OpenTelemetry has unless its SDK is told otherwise. */
const MAX_LINKS = 128;

export interface BatchOrigin {
  readonly group: string;
  /** Whether records are always handed over one at a time. */
  readonly oneByOne: boolean;
}

/** The spans of one consumer. Names and attributes by the semantic conventions for messaging and Kafka. */
export class BatchSpans {
  /** Of the batch that was settled last. */
  private settled: TraceContext | null = null;

  constructor(
    private readonly traces: Traces,
    private readonly origin: BatchOrigin,
  ) {}

  /**
   * A span for a try of a batch, within which it is worked. It is linked to the spans that sent its records, 128 of them at most; where records
   * come one by one it is a part of the one's trace instead.
   */
  async around(batch: RecordBatch, work: () => Promise<unknown>): Promise<void> {
    const span = this.start(batch);
    await this.traces.whole(span, work);
    this.settled = span.context;
  }

  /** The observer that is also told of commits by a span. Offsets are committed beside the work: it belongs to the batch that was settled last. */
  observing(observer: ConsumerObserver): ConsumerObserver {
    return {
      ...observer,
      committed: (offsets, durationMs) => {
        observer.committed?.(offsets, durationMs);
        this.committed(offsets, durationMs);
      },
    };
  }

  private start({ records, attempt }: RecordBatch): Span {
    const { group, oneByOne } = this.origin;
    const [first] = records;
    const topic = first?.topic ?? '';
    const contexts = traceContextsOf(records);
    const [only] = contexts;
    const isPart = oneByOne && only !== undefined;
    return this.traces.start(`process ${topic}`, {
      kind: 'consumer',
      parent: isPart ? only : null,
      links: isPart ? [] : contexts,
      attributes: {
        ...attributesOf('process', 'process', topic, group),
        'messaging.batch.message_count': records.length,
        ...(first !== undefined &&
          records.length === 1 && {
            'messaging.destination.partition.id': String(first.partition),
            'messaging.kafka.offset': first.offset,
          }),
        'weir.attempt': attempt,
      },
    });
  }

  private committed(offsets: readonly TopicPartitionOffset[], durationMs: number): void {
    const topic = offsets[0]?.topic ?? '';
    const { settled } = this;
    if (settled === null) return;
    const attributes = {
      ...attributesOf('commit', 'settle', topic, this.origin.group),
      'weir.partitions': offsets.length,
    };
    const options = { kind: 'client', parent: settled, startMs: Date.now() - durationMs, attributes } as const;
    this.traces.start(`commit ${topic}`, options).end();
  }
}

const attributesOf = (name: string, type: 'process' | 'settle', topic: string, group: string): SpanAttributes => ({
  'messaging.system': 'kafka',
  'messaging.operation.name': name,
  'messaging.operation.type': type,
  'messaging.destination.name': topic,
  'messaging.consumer.group.name': group,
});

/** The context that a record was sent with; null where its trace is not recorded, or it has none. */
export function recordedTraceOf({ headers }: Pick<ConsumedRecord, 'headers'>): TraceContext | null {
  const traceparent = headerText(headers, 'traceparent');
  const context = traceparent === null ? null : parseTraceparent(traceparent);
  return context?.sampled === true ? context : null;
}

/** Each once; looks no further once there are enough of them. */
function traceContextsOf(records: readonly ConsumedRecord[]): readonly TraceContext[] {
  const contexts = new Map<string, TraceContext>();
  for (const record of records) {
    const context = recordedTraceOf(record);
    if (context !== null) contexts.set(context.spanId, context);
    if (contexts.size === MAX_LINKS) break;
  }
  return [...contexts.values()];
}
