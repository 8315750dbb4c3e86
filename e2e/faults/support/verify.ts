import {
  type ConsumedRecord,
  type DeadLetterEnvelope,
  isUnreadable,
  ORIGIN_HEADER,
  parseEnvelope,
  TopicReader,
} from '@weir/kafka';
import { eventually } from '@weir/testing';
import { metricsDlq, metricsRaw } from '@weir/topics';

import { kafkaConnection, type Ledger, type System } from '../../support/system.js';
import type { Workload } from '../../support/workload.js';
import type { Fates } from './journal.js';

/** What stands against the promise; all empty where it was kept. */
export interface Findings {
  /** Accepted, and not in the store. */
  readonly lost: readonly number[];
  /** In the store though it was refused or never sent. */
  readonly invented: readonly number[];
  /** In the store under another value, series or time than it was sent with. */
  readonly wrong: readonly number[];
  readonly ledgerBalanced: boolean;
  /** Partitions of which the ledger does not know everything. */
  readonly behind: readonly string[];
}

export const PROMISE_KEPT: Findings = { lost: [], invented: [], wrong: [], ledgerBalanced: true, behind: [] };

/** Waits until the group has no lag, by itself, and the ledger stands at the end of every partition. */
export async function drained(system: System, timeoutMs = 180_000): Promise<void> {
  await eventually(
    async () => (await system.lag()).map(({ partition, lag }) => ({ partition, lag })),
    (lags) => lags.length > 0 && lags.every(({ lag }) => lag === 0),
    { timeoutMs, intervalMs: 250 },
  );
}

/** Holds the store and the ledger against what clients were told. */
export async function findings(system: System, workload: Workload, fates: Fates): Promise<Findings> {
  const rows = await system.sql<{ value: number; series: number; ms: number }>(
    `SELECT value, (labels->>'series')::int AS series, (extract(epoch FROM ts) * 1000)::float8 AS ms
     FROM metrics.samples JOIN metrics.series ON series.id = samples.series_id WHERE name = $1`,
    [workload.metric],
  );
  const stored = new Set(rows.map(({ value }) => value));
  const misplaced = rows.filter(
    ({ value: n, series, ms }) =>
      series !== n % workload.seriesCount || ms !== workload.startMs + Math.floor(n / workload.seriesCount) * 1000,
  );
  const numbers = Array.from({ length: fates.length }, (_, n) => n);
  const ledger = await system.ledger();
  return {
    lost: numbers.filter((n) => fates.of(n) === 'accepted' && !stored.has(n)),
    invented: [...stored].filter((n) => n >= fates.length || ['refused', 'never sent'].includes(fates.of(n))),
    wrong: misplaced.map(({ value }) => value),
    ledgerBalanced: ledger.balanced,
    behind: await partitionsAhead(system, ledger),
  };
}

async function partitionsAhead(system: System, ledger: Ledger): Promise<string[]> {
  const raw = system.topics.name(metricsRaw);
  // Asked again where a broker that stands still was asked, and was taken from the cluster meanwhile.
  const [described] = await eventually(() => system.admin.describeTopics([raw]));
  const ends = await eventually(() => system.admin.watermarks([raw]));
  const behind = ends.filter(({ partition, low, high }) => {
    // By its id: a topic that was made anew has lines of its own.
    const line = ledger.partitions.find(
      (entry) => entry.topic_id === described?.topicId && entry.partition === partition,
    );
    return high > low && (line === undefined || line.next < high);
  });
  return behind.map(({ partition, high }) => `${raw}[${partition}] up to ${high}`);
}

export interface ReadDeadLetter {
  readonly record: ConsumedRecord;
  readonly envelope: DeadLetterEnvelope;
}

/** Everything in metrics.dlq, copies too. */
export async function deadLetters(system: System): Promise<ReadDeadLetter[]> {
  const letters: ReadDeadLetter[] = [];
  const unreadable: string[] = [];
  const reader = new TopicReader(kafkaConnection(), {
    topic: system.topics.name(metricsDlq),
    onRecord: (record) => {
      const envelope = parseEnvelope(record.value);
      if (isUnreadable(envelope)) unreadable.push(envelope.unreadable);
      else letters.push({ record, envelope });
    },
  });
  reader.start();
  try {
    await eventually(() => reader.caughtUp, Boolean, { timeoutMs: 90_000 });
  } finally {
    await reader.close();
  }
  if (unreadable.length > 0) throw new Error(`Dead letters that cannot be read: ${unreadable.slice(0, 3).join('; ')}`);
  return letters;
}

/** What copies of one dead letter have in common, and no others. */
export const identity = ({ record }: ReadDeadLetter): string =>
  record.headers.find(({ key }) => key === ORIGIN_HEADER)?.value?.toString('utf8') ?? '';
