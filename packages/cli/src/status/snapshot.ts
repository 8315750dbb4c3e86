import type { AppName } from '@weir/topics';

import type {
  Breaker,
  Check,
  GroupPartition,
  HealthStatus,
  LedgerCount,
  LetterGroup,
  Replay,
  Topic,
} from '../api/answers.js';

/** A part of the system as it was looked at; `problem` says why it could not be. */
export type Looked<T> =
  { readonly found: T; readonly problem: null } | { readonly found: null; readonly problem: string };

export interface AppSnapshot {
  readonly app: AppName;
  /** `away`: it does not answer. `unknown`: nothing says where it is. */
  readonly status: HealthStatus | 'away' | 'unknown';
  readonly version: string | null;
  readonly url: string | null;
  /** Checks that are not healthy. */
  readonly failing: Readonly<Record<string, Check>>;
  readonly problem: string | null;
}

export interface GroupSnapshot {
  readonly groupId: string;
  readonly state: string;
  readonly members: number;
  readonly lag: number | null;
  /** Of the partition that is furthest behind; null where that is not known. */
  readonly behindMs: number | null;
  readonly partitions: readonly GroupPartition[];
}

export interface LedgerSnapshot {
  readonly balanced: boolean;
  readonly counts: Readonly<Record<LedgerCount, number>>;
}

export interface LettersSnapshot {
  /** Records by state. */
  readonly counts: Readonly<Record<string, number>>;
  /** Those with something left to do about them, the largest first. */
  readonly groups: readonly LetterGroup[];
  /** When the first of those groups was first seen; null without any. */
  readonly oldest: string | null;
}

/** The whole system at one moment. */
export interface Snapshot {
  /** RFC 3339. */
  readonly at: string;
  readonly apps: readonly AppSnapshot[];
  readonly brokers: number | null;
  readonly topics: Looked<readonly Topic[]>;
  readonly groups: Looked<readonly GroupSnapshot[]>;
  readonly ledger: Looked<LedgerSnapshot>;
  readonly breaker: Looked<Breaker>;
  readonly deadLetters: Looked<LettersSnapshot>;
  readonly replays: Looked<readonly Replay[]>;
  /** Tenants by state. */
  readonly tenants: Looked<Readonly<Record<string, number>>>;
}

/** States of dead letters about which there is something left to do. */
const UNSETTLED = ['open', 'failed_again', 'parked'] as const;

export const unsettledOf = (counts: Readonly<Record<string, number>>): number =>
  UNSETTLED.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
