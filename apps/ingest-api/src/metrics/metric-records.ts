import { type MetricEvent, type MetricEventEncoder, SchemaVersion } from '@weir/avro';
import type { OutgoingRecord, RecordHeader } from '@weir/kafka';

import { seriesKey } from './series-key.js';

/** What the records of one request have in common. */
export interface RecordOrigin {
  readonly tenantId: string;
  readonly correlationId: string;
  /** As it came, where it is a valid one. */
  readonly traceparent: string | null;
}

export interface RecordFormat {
  /** `metrics.raw`, as this installation calls it. */
  readonly topic: string;
  readonly version: SchemaVersion;
  /** The app's name, for the header `source`. */
  readonly source: string;
}

/** A record of `metrics.raw`; its key names the series. */
export interface MetricRecord extends OutgoingRecord {
  readonly key: string;
}

/** Turns events into records of `metrics.raw`. All values share one buffer, and all records one list of headers. */
export class MetricRecords {
  private readonly sourceHeader: RecordHeader;

  constructor(
    private readonly encoder: MetricEventEncoder,
    private readonly format: RecordFormat,
  ) {
    this.sourceHeader = { key: 'source', value: Buffer.from(format.source) };
  }

  get topic(): string {
    return this.format.topic;
  }

  get ready(): boolean {
    return this.encoder.isReady(this.format.version);
  }

  /** Waits for the registry until the schema's id is known; it then stays known. */
  warmUp(signal: AbortSignal): Promise<void> {
    return this.encoder.ready(this.format.version, signal);
  }

  of(events: readonly MetricEvent[], origin: RecordOrigin): MetricRecord[] {
    const { topic, version } = this.format;
    const headers = this.headers(origin);
    const values = this.encoder.encode(events, version);
    return events.map(({ tenant_id, name, labels, environment }, at) => ({
      topic,
      key: seriesKey(tenant_id, name, labels, environment),
      value: values[at] ?? null,
      headers,
    }));
  }

  private headers({ tenantId, correlationId, traceparent }: RecordOrigin): RecordHeader[] {
    const headers = [{ key: 'correlation-id', value: Buffer.from(correlationId) }, this.sourceHeader];
    // v1 and v2 have no field for it: guarantees.md, rule 6.
    if (this.format.version !== SchemaVersion.V3) headers.push({ key: 'tenant-id', value: Buffer.from(tenantId) });
    if (traceparent !== null) headers.push({ key: 'traceparent', value: Buffer.from(traceparent) });
    return headers;
  }
}
