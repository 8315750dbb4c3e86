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
  /** Bodies as sent, worked on at once. */
  readonly maxInFlightBytes: number;
  /** How long a caller may take to send a body. */
  readonly bodyTimeoutMs: number;
}
