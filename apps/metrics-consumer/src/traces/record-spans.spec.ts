import { describe, expect, it } from '@jest/globals';
import { ValidationError } from '@weir/errors';
import type { ConsumedRecord } from '@weir/kafka';
import { type Span, type SpanOptions, Traces } from '@weir/telemetry';

import type { Refusal, StorableSample } from '../metrics/outcome.js';
import { RecordSpans } from './record-spans.js';

/** Remembers the spans that are started. */
class Remembered extends Traces {
  readonly started: ({ readonly name: string; failure?: unknown } & SpanOptions)[] = [];

  start(name: string, options: SpanOptions = {}): Span {
    const started: { name: string; failure?: unknown } & SpanOptions = { name, ...options };
    this.started.push(started);
    const context = { traceId: '', spanId: '', sampled: true, remote: false };
    const fail = (thrown: unknown): void => void (started.failure = thrown);
    return { context, recorded: true, set: () => undefined, fail, end: () => undefined };
  }

  within<T>(_span: unknown, work: () => T): T {
    return work();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const record = (offset: number, sender: number, flags = '01'): ConsumedRecord => {
  const [traceId, spanId] = [32, 16].map((digits) => sender.toString(16).padStart(digits, '0'));
  const traceparent = Buffer.from(`00-${traceId}-${spanId}-${flags}`);
  const headers = [{ key: 'traceparent', value: traceparent }];
  return { topic: 'metrics.raw', partition: 0, offset, timestampMs: 0, key: null, value: null, headers };
};

const stored = (from: ConsumedRecord): StorableSample => ({
  kind: 'sample',
  topic: from.topic,
  partition: from.partition,
  offset: from.offset,
  record: from,
  ingestedAt: 0,
  sample: {
    tenantId: 't',
    name: 'n',
    environment: null,
    labels: {},
    timestampMs: 0,
    value: 0,
    version: 0,
    replayed: false,
  },
});

const refused = (from: ConsumedRecord): Refusal => ({
  kind: 'dead-letter',
  record: from,
  class: 'invalid',
  reason: 'name',
  error: new ValidationError('name', 'the name is empty'),
  tenantId: 't',
});

function told(settled: Parameters<RecordSpans['settled']>[0]): Remembered['started'] {
  const traces = new Remembered();
  new RecordSpans(traces, { of: () => undefined }).settled(settled, 5);
  return traces.started;
}

describe('what is told in the traces of records', () => {
  it('is one span for what a request sent, and one for each dead letter with its reason', () => {
    const samples = [record(1, 7), record(2, 7), record(3, 8)].map(stored);
    expect(told({ stored: samples, deadLettered: [refused(record(4, 7))] })).toMatchObject([
      { name: 'dead-letter sample', failure: 'name', attributes: { 'weir.dead_letter.reason': 'name' }, startMs: 5 },
      { name: 'store samples', parent: { spanId: expect.stringMatching(/7$/) }, attributes: { 'weir.samples': 2 } },
      { name: 'store samples', parent: { spanId: expect.stringMatching(/8$/) }, attributes: { 'weir.samples': 1 } },
    ]);
  });

  it('is nothing of a record whose trace is not recorded, or that has none', () => {
    const none = { ...record(1, 7), headers: [] };
    const records = [none, record(2, 7, '00')];
    expect(told({ stored: records.map(stored), deadLettered: records.map(refused) })).toEqual([]);
  });

  it('ends at a bound, and begins with what nobody expects', () => {
    const samples = Array.from({ length: 300 }, (_, n) => stored(record(n, n + 1)));
    const spans = told({ stored: samples, deadLettered: [refused(record(300, 400))] });
    expect(spans).toHaveLength(128);
    expect(spans[0]?.name).toBe('dead-letter sample');
  });
});
