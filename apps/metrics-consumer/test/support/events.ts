import type { MetricEvent } from '@weir/avro';
import type { RecordHeader } from '@weir/kafka';

/** A metric event that is stored; times are near now, so that one partition serves a test. */
export function event(changes: Partial<MetricEvent> = {}): MetricEvent {
  return {
    name: 'load1',
    value: 1,
    timestamp: Date.now(),
    labels: { host: 'a' },
    environment: null,
    tenant_id: 'acme',
    ingested_at: Date.now(),
    ...changes,
  };
}

/** `count` events that differ in their value and their time. */
export function events(count: number, changes: Partial<MetricEvent> = {}): MetricEvent[] {
  const start = Date.now() - count;
  return Array.from({ length: count }, (_, i) => event({ value: i, timestamp: start + i, ...changes }));
}

export function header(key: string, value: string): RecordHeader {
  return { key, value: Buffer.from(value) };
}
