import { metricsDlq } from '@weir/topics';

/** A row of the index as it is read. */
export interface DeadLetterRow {
  readonly dlq_partition: number;
  readonly dlq_offset: string;
  readonly identity: string;
  readonly replay_count: number;
  readonly replay_id: string | null;
  readonly state: string;
  readonly class: string;
  readonly reason: string;
  readonly error: string;
  readonly fingerprint: string;
  readonly tenant_id: string | null;
  readonly schema_id: number | null;
  readonly topic: string;
  readonly partition: number;
  readonly origin_offset: string;
  readonly origin_at: Date;
  readonly routed_at: Date;
  readonly consumer_group: string;
  readonly service_version: string;
  readonly attempts: number;
  readonly trace_id: string | null;
  readonly value_bytes: number | null;
  readonly omitted_bytes: string;
  readonly value_sha256: Buffer;
}

/** Columns of a row as it is read, of rows `d`. */
export const LETTER_COLUMNS = `d.dlq_partition, d.dlq_offset, d.identity, d.replay_count, d.replay_id, d.state, d.class, d.reason, d.error, d.fingerprint,
  d.tenant_id, d.schema_id, d.topic, d.partition, d.origin_offset, d.origin_at, d.routed_at, d.consumer_group, d.service_version, d.attempts, d.trace_id,
  d.value_bytes, d.omitted_bytes, d.value_sha256`;

/** A dead letter as operators see it: what is known about it, and nothing of what it holds. Times in RFC 3339. */
export interface DeadLetterView {
  /** Its place in the DLQ: `<partition>-<offset>`. */
  readonly id: string;
  readonly state: string;
  readonly class: string;
  readonly reason: string;
  readonly error: string;
  readonly fingerprint: string;
  readonly tenantId: string | null;
  readonly schemaId: number | null;
  /** Where the record was when it failed. */
  readonly source: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly appendedAt: string;
  };
  /** Where it was first, and for whom it failed: the same for every copy and every later replay. */
  readonly identity: string;
  readonly routedAt: string;
  /** When Kafka deletes it, about; and whether that is within three days. */
  readonly expiresAt: string | null;
  readonly expiresSoon: boolean;
  readonly replayCount: number;
  readonly replayId: string | null;
  readonly consumerGroup: string;
  readonly serviceVersion: string;
  readonly attempts: number;
  readonly traceId: string | null;
  /** Of the record's value; null where it had none. */
  readonly valueBytes: number | null;
  /** Of the record, how many bytes the dead letter does not hold. */
  readonly omittedBytes: number;
}

const SOON_MS = 3 * 86_400_000;

export function letterView(row: DeadLetterRow, nowMs: number): DeadLetterView {
  const { class: kind, state, reason, error, fingerprint, identity, attempts } = row;
  const expiresMs = row.routed_at.getTime() + (metricsDlq.retentionMs ?? Infinity);
  return {
    id: letterId(row),
    state,
    class: kind,
    reason,
    error,
    fingerprint,
    tenantId: row.tenant_id,
    schemaId: row.schema_id,
    source: {
      topic: row.topic,
      partition: row.partition,
      offset: Number(row.origin_offset),
      appendedAt: row.origin_at.toISOString(),
    },
    identity,
    routedAt: row.routed_at.toISOString(),
    expiresAt: Number.isFinite(expiresMs) ? new Date(expiresMs).toISOString() : null,
    expiresSoon: expiresMs - nowMs < SOON_MS,
    replayCount: row.replay_count,
    replayId: row.replay_id,
    consumerGroup: row.consumer_group,
    serviceVersion: row.service_version,
    attempts,
    traceId: row.trace_id,
    valueBytes: row.value_bytes,
    omittedBytes: Number(row.omitted_bytes),
  };
}

export const letterId = (row: Pick<DeadLetterRow, 'dlq_partition' | 'dlq_offset'>): string =>
  `${row.dlq_partition}-${row.dlq_offset}`;

/** Null for what is no id of a dead letter. */
export function placeOfId(id: string): { readonly partition: number; readonly offset: string } | null {
  const [, partition, offset] = /^(\d{1,9})-(\d{1,16})$/.exec(id) ?? [];
  return partition === undefined || offset === undefined ? null : { partition: Number(partition), offset };
}
