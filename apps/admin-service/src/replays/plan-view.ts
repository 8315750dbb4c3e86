import { type DeadLetterView, letterView } from '../dead-letters/views.js';
import type { Plan, PlannedRecord } from './planning.js';

const FIRST_FEW = 5;

/** What a replay would do. */
export interface PlanView {
  /** To be given back for the replay to begin. */
  readonly hash: string;
  readonly records: number;
  readonly groups: readonly {
    readonly fingerprint: string;
    readonly class: string;
    readonly reason: string;
    readonly tenantId: string | null;
    readonly records: number;
  }[];
  readonly tenants: readonly { readonly tenantId: string | null; readonly records: number }[];
  /** Of the topics that the records go back into. */
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: number;
    readonly firstOffset: number;
    readonly lastOffset: number;
  }[];
  /** The first few, in the order of the replay. */
  readonly first: readonly DeadLetterView[];
  /** Selected, and not to be replayed: how many, and why. */
  readonly excluded: Plan['excluded'];
  /** At the rate that was asked for. */
  readonly expectedSeconds: number;
}

export function planView(plan: Plan, rate: number): PlanView {
  const { records, excluded, hash } = plan;
  const nowMs = Date.now();
  return {
    hash,
    records: records.length,
    groups: tally(records, ({ letter }) => letter.fingerprint).map(([first, count]) => ({
      fingerprint: first.letter.fingerprint,
      class: first.letter.class,
      reason: first.letter.reason,
      tenantId: first.letter.tenant_id,
      records: count,
    })),
    tenants: tally(records, ({ letter }) => letter.tenant_id ?? '').map(([first, count]) => ({
      tenantId: first.letter.tenant_id,
      records: count,
    })),
    partitions: tally(records, ({ letter }) => `${letter.partition}/${letter.topic}`).map(([first, count, last]) => ({
      topic: first.letter.topic,
      partition: first.letter.partition,
      records: count,
      firstOffset: Number(first.letter.origin_offset),
      lastOffset: Number(last.letter.origin_offset),
    })),
    first: records.slice(0, FIRST_FEW).map(({ letter }) => letterView(letter, nowMs)),
    excluded,
    expectedSeconds: Math.ceil(records.length / rate),
  };
}

/** For each key: the first record with it, how many have it, and the last one. The most frequent first. */
function tally(
  records: readonly PlannedRecord[],
  keyOf: (record: PlannedRecord) => string,
): [PlannedRecord, number, PlannedRecord][] {
  const found = new Map<string, [PlannedRecord, number, PlannedRecord]>();
  for (const record of records) {
    const [first, count] = found.get(keyOf(record)) ?? [record, 0];
    found.set(keyOf(record), [first, count + 1, record]);
  }
  return [...found.values()].toSorted(([, a], [, b]) => b - a);
}
