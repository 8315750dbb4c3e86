import { type MetricEvent, type MetricEventEncoder, SchemaVersion } from '@weir/avro';
import type { RecordBlock, RecordHeader } from '@weir/kafka';

import { SeriesKeyWriter } from './series-key.js';

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

/** Turns events into records of `metrics.raw`; the key of each names its series. */
export class MetricRecords {
  private readonly sourceHeader: RecordHeader;
  private readonly keys = new SeriesKeyWriter();

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

  of(events: readonly MetricEvent[], origin: RecordOrigin): RecordBlock {
    const { topic, version } = this.format;
    return {
      topic,
      headers: this.headers(origin),
      values: this.encoder.encodePacked(events, version),
      keys: this.keys.write(events),
    };
  }

  private headers({ tenantId, correlationId, traceparent }: RecordOrigin): RecordHeader[] {
    const headers = [{ key: 'correlation-id', value: Buffer.from(correlationId) }, this.sourceHeader];
    // v1 and v2 have no field for it: guarantees.md, rule 6.
    if (this.format.version !== SchemaVersion.V3) headers.push({ key: 'tenant-id', value: Buffer.from(tenantId) });
    if (traceparent !== null) headers.push({ key: 'traceparent', value: Buffer.from(traceparent) });
    return headers;
  }
}
