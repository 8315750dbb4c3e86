import { describe, expect, it } from '@jest/globals';
import { RowRejectedError, ValidationError } from '@weir/errors';
import type { ConsumedRecord } from '@weir/kafka';
import type { PositionedSample, RefusedSample, SettledCounts, SettlementUnit } from '@weir/metrics-store';

import type { Outcome } from './outcome.js';
import { Settlement } from './settlement.js';

const record = (partition: number, offset: number): ConsumedRecord => ({
  topic: 't',
  partition,
  offset,
  timestampMs: 1,
  key: null,
  value: null,
  headers: [],
});
const sample = (partition: number, offset: number): Outcome => ({
  kind: 'sample',
  topic: 't',
  partition,
  offset,
  record: record(partition, offset),
  ingestedAt: 0,
  sample: {
    tenantId: 'acme',
    name: 'x',
    environment: null,
    labels: {},
    timestampMs: 1,
    value: 1,
    version: 1,
    replayed: false,
  },
});
const refusal = (partition: number, offset: number): Outcome => ({
  kind: 'dead-letter',
  record: record(partition, offset),
  class: 'invalid',
  reason: 'name',
  error: new ValidationError('name', 'bad'),
  tenantId: 'acme',
});
const range = (partition: number, from: number, to: number) => ({ topic: 't', topicId: 'id', partition, from, to });

/** Keeps the books of one transaction in memory; refuses the samples at `bad` offsets. */
class MemoryUnit implements Pick<SettlementUnit, 'nextOf' | 'write' | 'account'> {
  readonly accounts = new Map<number, SettledCounts>();
  written: readonly PositionedSample[] = [];

  constructor(
    private readonly next: Readonly<Record<number, number>>,
    private readonly bad: readonly number[] = [],
  ) {}

  nextOf(_topic: string, partition: number): number {
    return this.next[partition] ?? 0;
  }

  async write(samples: readonly PositionedSample[]): Promise<readonly RefusedSample[]> {
    const refused = samples.filter(({ offset }) => this.bad.includes(offset));
    if (refused.length === 0) this.written = samples;
    return refused.map((position) => ({ ...position, error: new RowRejectedError('22003', 'out of range') }));
  }

  account(_topic: string, partition: number, counts: SettledCounts): void {
    this.accounts.set(partition, counts);
  }
}

describe('Settlement', () => {
  it('leaves out what an earlier transaction settled, and counts nothing twice', async () => {
    const unit = new MemoryUnit({ 0: 6, 1: 9 });
    const outcomes = [sample(0, 5), refusal(0, 4), sample(0, 6), refusal(0, 7), sample(1, 8)];
    const work = new Settlement(unit, [range(0, 4, 8), range(1, 8, 9)], outcomes);

    expect(work.refusals).toHaveLength(1);
    expect(work.gaps).toEqual([]);
    await expect(work.write()).resolves.toEqual([]);
    const settled = work.account([]);

    expect(unit.written.map(({ offset }) => offset)).toEqual([6]);
    expect([...unit.accounts]).toEqual([[0, { stored: 1, deadLettered: 1, gap: 0, expired: 0 }]]);
    expect(settled.repeated).toBe(3);
  });

  it('turns rows that the database refuses into dead letters and writes their neighbours', async () => {
    const unit = new MemoryUnit({ 0: 1 }, [2]);
    const work = new Settlement(unit, [range(0, 1, 4)], [sample(0, 1), sample(0, 2), sample(0, 3)]);

    await expect(work.write()).resolves.toMatchObject([
      { class: 'rejected', reason: 'database', tenantId: 'acme', record: { offset: 2 } },
    ]);
    await expect(work.write()).resolves.toEqual([]);
    work.account([]);

    expect(unit.written.map(({ offset }) => offset)).toEqual([1, 3]);
    expect(unit.accounts.get(0)).toEqual({ stored: 2, deadLettered: 1, gap: 0, expired: 0 });
  });

  it('finds offsets without a record, before the batch and inside it, and accounts for them as they turned out', () => {
    const unit = new MemoryUnit({ 0: 3 });
    const work = new Settlement(unit, [range(0, 5, 9)], [refusal(0, 5), refusal(0, 8)]);
    expect(work.gaps).toMatchObject([
      { from: 3, to: 5 },
      { from: 6, to: 8 },
    ]);

    const [before, inside] = work.gaps;
    if (before === undefined || inside === undefined) throw new Error('two gaps were expected');
    work.account([
      { range: before, gap: 0, expired: 2 },
      { range: inside, gap: 2, expired: 0 },
    ]);
    expect(unit.accounts.get(0)).toEqual({ stored: 0, deadLettered: 2, gap: 2, expired: 2 });
  });
});
