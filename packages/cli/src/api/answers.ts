/** What the services answer, as far as `weir` looks at it. Times are RFC 3339. The rest of an answer goes through `--json` as it came. */

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

export interface Health {
  readonly status: HealthStatus;
  readonly service: string;
  readonly version: string;
  readonly checks: Readonly<Record<string, Check>>;
}

export interface Check {
  readonly status: HealthStatus;
  readonly [detail: string]: unknown;
}

export interface Ledger {
  readonly balanced: boolean;
  readonly partitions: readonly Readonly<Record<LedgerCount, number>>[];
}

export type LedgerCount = 'stored' | 'dead_lettered' | 'gap' | 'expired' | 'skipped';

export interface Breaker {
  readonly open: { readonly cause: string; readonly detail: string; readonly since: number } | null;
}

export interface Topic {
  readonly name: string;
  readonly definition: string | null;
  readonly status: 'ok' | 'drift' | 'missing' | 'foreign';
  readonly drift: readonly { readonly setting: string; readonly wanted: string; readonly actual: string }[];
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly offlinePartitions: number;
  readonly underReplicatedPartitions: number;
  readonly offsets: number;
  /** Null where it was not measured. */
  readonly messagesPerSecond: number | null;
}

interface TopicPartition {
  readonly partition: number;
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly low: number;
  readonly high: number;
}

export interface TopicDetail extends Topic {
  readonly why: string | null;
  readonly writtenBy: readonly string[];
  readonly readBy: readonly string[];
  readonly partitionDetails: readonly TopicPartition[];
  readonly settings: Readonly<Record<string, { readonly value: string; readonly overridden: boolean }>>;
}

export interface Group {
  readonly groupId: string;
  readonly state: string;
  readonly members: number;
  readonly lag: number | null;
}

export interface GroupDetail {
  readonly groupId: string;
  readonly state: string;
  readonly lag: number;
  readonly members: readonly { readonly memberId: string; readonly clientId: string; readonly host: string }[];
  readonly partitions: readonly GroupPartition[];
}

export interface GroupPartition {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly high: number;
  readonly lag: number;
  /** How long ago the next record was stamped; null where that is not known. */
  readonly behindMs: number | null;
  readonly memberId: string | null;
}

interface Bytes {
  readonly hex: string;
  readonly text: string | null;
  readonly cut?: boolean;
}

export interface Message {
  readonly offset: number;
  readonly timestamp: string | null;
  readonly keyBytes: number | null;
  readonly valueBytes: number | null;
  readonly headerNames: readonly string[];
  readonly schemaId: number | null;
  /** Only where payloads were asked for. */
  readonly key?: Bytes | null;
  readonly value?: Bytes | null;
  readonly headers?: readonly { readonly key: string; readonly value: Bytes | null }[];
  readonly decoded?: Decoded;
}

export type Decoded =
  | {
      readonly kind: 'avro';
      readonly schemaId: number;
      readonly subject: string | null;
      readonly value: unknown;
      readonly partial: boolean;
    }
  | { readonly kind: 'json'; readonly value: unknown; readonly partial: boolean }
  | { readonly kind: 'text'; readonly text: string; readonly partial: boolean }
  | { readonly kind: 'tombstone' | 'bytes' };

export interface Messages {
  readonly topic: string;
  readonly partition: number;
  readonly heldBack: boolean;
  readonly messages: readonly Message[];
}

export interface Subject {
  readonly subject: string;
  readonly own: boolean;
}

export interface SubjectDetail extends Subject {
  readonly compatibility: string | null;
  readonly versions: readonly { readonly version: number; readonly id: number }[];
}

export interface Letter {
  readonly id: string;
  readonly state: string;
  readonly class: string;
  readonly reason: string;
  readonly error: string;
  readonly fingerprint: string;
  readonly tenantId: string | null;
  readonly schemaId: number | null;
  readonly source: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly appendedAt: string;
  };
  readonly routedAt: string;
  readonly expiresAt: string | null;
  readonly expiresSoon: boolean;
  readonly replayCount: number;
  readonly consumerGroup: string;
  readonly attempts: number;
  readonly valueBytes: number | null;
}

export interface LetterStory extends Letter {
  readonly discarded: { readonly at: string; readonly by: string; readonly reason: string } | null;
  readonly recoveredAt: string | null;
  readonly replays: readonly {
    readonly replayId: string;
    readonly replayCount: number;
    readonly answer: string | null;
    readonly outcome: string | null;
  }[];
}

export interface Diagnosis {
  readonly findings: readonly { readonly code: string; readonly detail: string }[];
}

export interface Payload {
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly headers: readonly { readonly key: string; readonly value: Bytes | null }[];
  readonly examination: { readonly decoded?: Decoded } | null;
}

export interface LetterGroup {
  readonly fingerprint: string;
  readonly class: string;
  readonly reason: string;
  readonly error: string;
  readonly tenantId: string | null;
  readonly schemaId: number | null;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
  readonly cameBack: boolean;
}

export interface Plan {
  readonly hash: string;
  readonly records: number;
  readonly groups: readonly {
    readonly fingerprint: string;
    readonly class: string;
    readonly reason: string;
    readonly tenantId: string | null;
    readonly records: number;
  }[];
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: number;
    readonly firstOffset: number;
    readonly lastOffset: number;
  }[];
  readonly excluded: Readonly<Record<string, number>>;
  readonly expectedSeconds: number;
}

export interface Replay {
  readonly id: string;
  readonly state: 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed';
  readonly why: string | null;
  readonly heldBy: string | null;
  readonly records: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly rate: number;
  readonly canary: { readonly records: number; readonly maxFailed: number; readonly state: string } | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

export interface Decision {
  readonly done: boolean;
  readonly records: number;
  readonly excluded: Readonly<Record<string, number>>;
}

export interface Tenant {
  readonly tenantId: string;
  readonly name: string;
  readonly state: string;
  readonly version: number;
  readonly limits: Readonly<Record<string, number | null>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface TenantKey {
  readonly keyId: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface NewTenantKey extends TenantKey {
  readonly key: string;
}

export interface Points {
  readonly points: readonly Point[];
  readonly nextCursor: string | null;
}

export interface Point {
  readonly timestamp: number;
  readonly name: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: string | null;
}

export interface Aggregates {
  readonly step: number;
  readonly agg: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly points: readonly (readonly [timestamp: number, value: number])[];
  }[];
}

export interface Ingested {
  readonly accepted?: number;
  readonly rejected?: readonly { readonly index: number; readonly code: string; readonly detail: string }[];
}
