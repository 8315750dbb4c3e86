/** One value of one series at one time, as it is stored. */
export interface Sample {
  readonly tenantId: string;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
  readonly value: number;
  /**
   * Epoch milliseconds at which the broker appended the record (for a replayed one: its origin). Decides between two
   * values of one series and time: a live sample replaces the same or an earlier version, a replayed one only an earlier.
   */
  readonly version: number;
  readonly replayed: boolean;
}
