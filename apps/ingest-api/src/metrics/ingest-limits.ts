/** What one instance takes in. Sizes in bytes, times in milliseconds. */
export interface IngestLimits {
  /** One body as sent. */
  readonly maxBodyBytes: number;
  /** One body after decompression. */
  readonly maxDecompressedBytes: number;
  /** Of one request. */
  readonly maxSamples: number;
  /** Worked on at once. */
  readonly maxInFlightRequests: number;
  /** Bodies as sent, and the records that wait for Kafka in their place. */
  readonly maxInFlightBytes: number;
  /** That Kafka has and did not acknowledge yet; more wait in line. */
  readonly maxUnacknowledgedSamples: number;
  /** The part of the requests and bytes in flight that a tenant may hold while nobody else holds anything; over 0 and up to 1. */
  readonly tenantInFlightShare: number;
  /** How long a caller may take to send a body. */
  readonly bodyTimeoutMs: number;
}
