import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '@weir/kafka';
import { type Span, type SpanOptions, Traces } from '@weir/telemetry';

import { BatchSpans } from './batch-spans.js';

const trace = (n: number): string => n.toString(16).padStart(32, '0');
const span = (n: number): string => n.toString(16).padStart(16, '0');

const record = (offset: number, sender: number, flags = '01'): ConsumedRecord => ({
  topic: 'metrics.raw',
  partition: 3,
  offset,
  timestampMs: 0,
  key: null,
  value: null,
  headers:
    sender === 0
      ? [{ key: 'traceparent', value: Buffer.from('nonsense') }]
      : [{ key: 'traceparent', value: Buffer.from(`00-${trace(sender)}-${span(sender)}-${flags}`) }],
});

type Started = { readonly name: string } & SpanOptions;

/** Remembers what spans are started with; each has the id of its place. */
class Remembered extends Traces {
  readonly started: Started[] = [];

  start(name: string, options: SpanOptions = {}): Span {
    this.started.push({ name, ...options });
    const context = { traceId: trace(99), spanId: span(this.started.length), sampled: true, remote: false };
    return { context, recorded: true, set: () => undefined, fail: () => undefined, end: () => undefined };
  }

  within<T>(_span: unknown, work: () => T): T {
    return work();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const batchOf = (records: readonly ConsumedRecord[]) => ({ records, attempt: 2, signal: new AbortController().signal });

/** What the span of a batch is started with. */
function startedWith(records: readonly ConsumedRecord[], oneByOne = false): Started {
  const traces = new Remembered();
  void new BatchSpans(traces, { group: 'group', oneByOne }).around(batchOf(records), async () => undefined);
  return traces.started[0]!;
}

describe('the span of a batch', () => {
  it('is linked once to each request whose trace is recorded, and is a part of none', () => {
    const batch = [record(1, 7), record(2, 7), record(3, 0), record(4, 8, '00'), record(5, 9)];
    expect(startedWith(batch)).toMatchObject({
      name: 'process metrics.raw',
      kind: 'consumer',
      parent: null,
      links: [
        { traceId: trace(7), spanId: span(7) },
        { traceId: trace(9), spanId: span(9) },
      ],
      attributes: { 'messaging.batch.message_count': 5, 'messaging.consumer.group.name': 'group', 'weir.attempt': 2 },
    });
  });

  it('is linked to no more than a span may have', () => {
    const batch = Array.from({ length: 500 }, (_, n) => record(n, n + 1));
    expect(startedWith(batch).links).toHaveLength(128);
  });

  it('is a part of the record’s trace where records come one by one, and a batch of one is linked as any', () => {
    expect(startedWith([record(1, 7)])).toMatchObject({ parent: null, links: [{ spanId: span(7) }] });
    expect(startedWith([record(1, 7)], true)).toMatchObject({
      parent: { traceId: trace(7), spanId: span(7) },
      links: [],
      attributes: { 'messaging.destination.partition.id': '3', 'messaging.kafka.offset': 1 },
    });
    expect(startedWith([record(1, 7, '00')], true)).toMatchObject({ parent: null, links: [] });
  });

  it('has the commit of its offsets as a part, once it is settled', async () => {
    const traces = new Remembered();
    const told: number[] = [];
    const spans = new BatchSpans(traces, { group: 'group', oneByOne: false });
    const observer = spans.observing({ committed: (_offsets, durationMs) => void told.push(durationMs) });
    const offsets = [{ topic: 'metrics.raw', partition: 3, offset: 2 }];
    observer.committed?.(offsets, 5);
    expect(traces.started).toEqual([]);

    await spans.around(batchOf([record(1, 7)]), async () => undefined);
    await expect(spans.around(batchOf([record(2, 7)]), () => Promise.reject(new Error('away')))).rejects.toThrow(
      'away',
    );
    observer.committed?.(offsets, 7);
    expect(traces.started.at(-1)).toMatchObject({
      name: 'commit metrics.raw',
      kind: 'client',
      parent: { spanId: span(1) },
      attributes: { 'messaging.operation.type': 'settle' },
    });
    expect(told).toEqual([5, 7]);
  });
});
