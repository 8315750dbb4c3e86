import { KafkaProducerError } from '@weir/errors';
import type { Outbox, OutboxMessage } from '@weir/outbox';
import type { PoolClient } from 'pg';

import { unavailable } from './faults.js';
import type { LineMove, LockedLine } from './ledger.js';
import { LedgerAccountingError, LedgerBehindError } from './ledger-errors.js';
import type { PositionedSample, RefusedSample, SettledCounts, SettlementUnit } from './settlement.js';
import type { BatchWriter } from './write/batch-writer.js';
import type { Series } from './write/known-series.js';

const keyOf = (topic: string, partition: number): string => `${partition}:${topic}`;

const NOTHING: SettledCounts = { stored: 0, deadLettered: 0, gap: 0 };

interface Account {
  readonly line: LockedLine;
  written: number;
  counts: SettledCounts | null;
}

/** The books of one transaction: what was written, what was accounted for, and whether the two agree. */
export class LedgerUnit implements SettlementUnit {
  /** Rows of series to be remembered once the transaction committed. */
  readonly newSeries: Series[] = [];
  /** Why this transaction can no longer be committed. */
  private lost: unknown = null;
  private readonly accounts: Map<string, Account>;
  private readonly applied = new Set<PositionedSample>();

  constructor(
    private readonly client: PoolClient,
    private readonly writer: BatchWriter,
    private readonly outbox: Outbox,
    lines: readonly LockedLine[],
  ) {
    this.accounts = new Map(
      lines.map((line) => [keyOf(line.range.topic, line.range.partition), { line, written: 0, counts: null }]),
    );
  }

  nextOf(topic: string, partition: number): number {
    return this.accountOf(topic, partition).line.next;
  }

  async write(samples: readonly PositionedSample[]): Promise<readonly RefusedSample[]> {
    if (samples.length === 0) return [];
    const written = this.countByAccount(samples);
    try {
      const { refused, newSeries, applied } = await this.writer.write(this.client, samples);
      if (refused.length > 0) return refused;
      this.newSeries.push(...newSeries);
      for (const sample of applied) this.applied.add(sample);
    } catch (thrown) {
      this.lost = thrown;
      throw unavailable(thrown, 'samples were not written');
    }
    for (const [account, count] of written) account.written += count;
    return [];
  }

  isApplied(sample: PositionedSample): boolean {
    return this.applied.has(sample);
  }

  async enqueue(messages: readonly OutboxMessage[]): Promise<void> {
    try {
      await this.outbox.enqueue(this.client, messages);
    } catch (thrown) {
      this.lost = thrown;
      if (thrown instanceof KafkaProducerError) throw thrown;
      throw unavailable(thrown, 'messages were not written');
    }
  }

  account(topic: string, partition: number, counts: SettledCounts): void {
    const account = this.accountOf(topic, partition);
    if (account.counts !== null) throw new LedgerAccountingError(`${topic}[${partition}] is accounted for twice`);
    const { stored, deadLettered, gap, expired = 0, skipped = 0 } = counts;
    if (![stored, deadLettered, gap, expired, skipped].every((count) => Number.isSafeInteger(count) && count >= 0))
      throw new LedgerAccountingError(`${topic}[${partition}]: a count is not a natural number`);
    account.counts = counts;
  }

  /** The moves of the ledger's lines, after the books were checked. Throws rather than let a wrong count be committed. */
  close(): LineMove[] {
    if (this.lost !== null) throw unavailable(this.lost, 'a write of this transaction failed');
    const moves: LineMove[] = [];
    for (const { line, written, counts } of this.accounts.values()) {
      const { topic, partition, from, to } = line.range;
      const due = Math.max(to - line.next, 0);
      const { stored, deadLettered, gap, expired = 0, skipped = 0 } = counts ?? NOTHING;
      const sum = stored + deadLettered + gap + expired + skipped;
      if (sum !== due && from > line.next) throw new LedgerBehindError(topic, partition, line.next, from);
      if (sum !== due)
        throw new LedgerAccountingError(
          `${topic}[${partition}]: ${sum} offsets are accounted for, and ${due} lie between ${line.next} and ${to}`,
        );
      if (stored !== written)
        throw new LedgerAccountingError(`${topic}[${partition}]: ${stored} counted as stored, and ${written} written`);
      if (due > 0) moves.push({ range: line.range, counts: { stored, deadLettered, gap, expired, skipped } });
    }
    return moves;
  }

  /** Throws for a sample that does not belong to this transaction. */
  private countByAccount(samples: readonly PositionedSample[]): Map<Account, number> {
    const counts = new Map<Account, number>();
    let account: Account | undefined; // that of the record before: a partition's records come in runs
    for (const { topic, partition, offset } of samples) {
      if (account?.line.range.partition !== partition || account.line.range.topic !== topic)
        account = this.accountOf(topic, partition);
      const { range, next } = account.line;
      if (offset < next || offset >= range.to)
        throw new LedgerAccountingError(`${topic}[${partition}]@${offset} is not among ${next} to ${range.to}`);
      counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    return counts;
  }

  private accountOf(topic: string, partition: number): Account {
    const account = this.accounts.get(keyOf(topic, partition));
    if (account === undefined)
      throw new LedgerAccountingError(`${topic}[${partition}] is not part of this transaction`);
    return account;
  }
}
