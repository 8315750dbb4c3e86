/** Where a tenant stands. `deleted` is a state and not a tombstone; `sentinel` marks the record that ends the first load. */
export type TenantState = 'active' | 'suspended' | 'deleted' | 'sentinel';

/** What a tenant may do; `null` is the service's own default. Lengths in characters. */
export interface TenantLimits {
  readonly samples_per_second: number | null;
  /** Samples that may come at once. */
  readonly burst: number | null;
  readonly max_active_series: number | null;
  readonly max_labels: number | null;
  readonly max_name_length: number | null;
  readonly max_label_name_length: number | null;
  readonly max_label_value_length: number | null;
  readonly past_window_ms: number | null;
  /** Part of an instance's in-flight requests and bytes, over 0 and up to 1. */
  readonly in_flight_share: number | null;
}

export interface TenantKey {
  /** The public part of `wk_<id>_<secret>`. */
  readonly id: string;
  /** SHA-256 of the whole key, lower-case hexadecimal. */
  readonly hash: string;
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly expires_at: number | null;
  /** Epoch milliseconds. */
  readonly revoked_at: number | null;
}

/** A tenant as the compacted topic `tenants` carries it. */
export interface Tenant {
  readonly tenant_id: string;
  readonly name: string;
  /** Declared a string by the schema: a reader may meet a state newer than itself and must not take it for `active`. */
  readonly state: TenantState;
  /** Readers ignore a record of a lower version than they have seen. */
  readonly version: number;
  readonly limits: TenantLimits;
  readonly keys: readonly TenantKey[];
  /** Epoch milliseconds. */
  readonly updated_at: number;
}

/** Every limit left to the service. */
export const DEFAULT_LIMITS: TenantLimits = {
  samples_per_second: null,
  burst: null,
  max_active_series: null,
  max_labels: null,
  max_name_length: null,
  max_label_name_length: null,
  max_label_value_length: null,
  past_window_ms: null,
  in_flight_share: null,
};
