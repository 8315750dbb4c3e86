/** A metric as `metrics.raw` carries it: the newest schema's shape, to which every earlier one is resolved. */
export interface MetricEvent {
  readonly name: string;
  readonly value: number;
  /** Epoch milliseconds, by the client's clock. */
  readonly timestamp: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: string | null;
  /** Empty in records of v1 and v2, which carry the tenant in the header `tenant-id`. */
  readonly tenant_id: string;
  /** Epoch milliseconds, by ingest-api's clock; 0 in records of v1 and v2. Measures freshness and decides nothing. */
  readonly ingested_at: number;
}

/** Which schema a record is written with. */
export const SchemaVersion = { V1: 'v1', V2: 'v2', V3: 'v3' } as const;
export type SchemaVersion = (typeof SchemaVersion)[keyof typeof SchemaVersion];
