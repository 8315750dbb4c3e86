import { StoreUnavailableError } from '@weir/errors';
import type { PoolClient } from 'pg';

import { faultOf, rejected } from '../faults.js';
import type { PartitionKeeper } from '../partitions.js';
import type { PositionedSample, RefusedSample } from '../settlement.js';
import { findCulprits } from './bisect.js';
import type { KnownSeries, Series } from './known-series.js';
import { foldRows, refuseUnrepresentable, type Row } from './rows.js';
import { orBack, RELEASE, SAVEPOINT } from './savepoint.js';
import { copyRows, insertSeries, upsertRows } from './statements.js';

const PARTITION_TRIES = 3;
/** A client that repeats itself, or a replay, rarely does so once: so many batches go without the attempt to COPY. */
const UPSERTS_AFTER_DUPLICATE = 16;

/** What a write left behind in its transaction: rows of series that others may not rely on before COMMIT. */
export interface Written {
  readonly refused: readonly RefusedSample[];
  readonly newSeries: readonly Series[];
  /** Replayed samples whose values are stored now. */
  readonly applied: readonly PositionedSample[];
}

/** Writes the samples of one batch within a transaction that somebody else began and will commit. */
export class BatchWriter {
  private upsertsLeft = 0;

  constructor(
    private readonly known: KnownSeries,
    private readonly partitions: PartitionKeeper,
  ) {}

  /** All or nothing: with refused samples, nothing is written and the transaction goes on. Rejects for a broken system alone. */
  async write(client: PoolClient, samples: readonly PositionedSample[]): Promise<Written> {
    const unrepresentable = refuseUnrepresentable(samples);
    if (unrepresentable.length > 0) return { refused: unrepresentable, newSeries: [], applied: [] };

    const rows = foldRows(samples, this.known);
    const newSeries = this.unknownAmong(rows);
    await this.partitions.ensureFor(rows.map((row) => row.timestampMs));

    const { fault, applied } = await this.writeRows(client, rows, newSeries);
    if (fault === null) return { refused: [], newSeries, applied: applied.map(({ chosen }) => chosen) };
    return { refused: await this.findRefused(client, samples, rows, newSeries), newSeries: [], applied: [] };
  }

  /** Expects key order, and keeps it: the rows of a series follow one another. */
  private unknownAmong(rows: readonly Row[]): Series[] {
    const unknown: Series[] = [];
    for (const { series } of rows) if (!this.known.isKnown(series) && series !== unknown.at(-1)) unknown.push(series);
    return unknown;
  }

  /** COPY, and where a row was there already the upsert. Resolves to the row's fault, with nothing written, or to what was applied. */
  private async writeRows(
    client: PoolClient,
    rows: readonly Row[],
    newSeries: readonly Series[],
  ): Promise<{ readonly fault: unknown; readonly applied: readonly Row[] }> {
    const attempt = async (write: () => Promise<readonly Row[]>) => {
      let applied: readonly Row[] = [];
      const fault = await this.attempt(client, rows, async () => void (applied = await write()));
      return { fault, applied };
    };
    const begin = async (): Promise<void> => {
      await client.query(SAVEPOINT);
      if (newSeries.length > 0) await insertSeries(client, newSeries);
    };
    const copy = async (): Promise<readonly Row[]> => {
      if (newSeries.length === 0) return copyRows(client, rows, SAVEPOINT);
      await begin();
      return copyRows(client, rows);
    };
    const upsert = async (): Promise<readonly Row[]> => {
      await begin();
      return upsertRows(client, rows);
    };
    if (this.upsertsLeft > 0) {
      this.upsertsLeft -= 1;
      return attempt(upsert);
    }
    const copied = await attempt(copy);
    if (copied.fault === null || faultOf(copied.fault) !== 'duplicate') return copied;
    this.upsertsLeft = UPSERTS_AFTER_DUPLICATE;
    return attempt(upsert);
  }

  /** `work` sets the savepoint. Resolves to the fault, with nothing written, or to null. A missing partition is created on the way. */
  private async attempt(client: PoolClient, rows: readonly Row[], work: () => Promise<void>): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      const thrown = await orBack(client, work);
      if (thrown === null || faultOf(thrown) !== 'partition') return thrown;
      if (tries === PARTITION_TRIES) throw thrown;
      await this.partitions.recreateFor(rows.map((row) => row.timestampMs));
    }
  }

  private attemptAmongMany(client: PoolClient, rows: readonly Row[], work: () => Promise<unknown>): Promise<unknown> {
    return this.attempt(client, rows, async () => {
      await client.query(SAVEPOINT);
      await work();
      await client.query(RELEASE);
    });
  }

  /** Tries series and then rows in ever smaller lots, and takes everything back. */
  private async findRefused(
    client: PoolClient,
    samples: readonly PositionedSample[],
    rows: readonly Row[],
    newSeries: readonly Series[],
  ): Promise<RefusedSample[]> {
    await client.query('SAVEPOINT search');
    const badSeries = await findCulprits(newSeries, (lot) =>
      this.attemptAmongMany(client, [], () => insertSeries(client, lot)),
    );
    const bySeries = new Map(badSeries.map(({ item, fault }) => [item.hex, fault]));
    const candidates = rows.filter((row) => !bySeries.has(row.series.hex));
    const badRows = await findCulprits(candidates, (lot) =>
      this.attemptAmongMany(client, lot, () => upsertRows(client, lot)),
    );
    const bySample = new Map(badRows.map(({ item, fault }) => [item.chosen, fault]));
    await client.query('ROLLBACK TO SAVEPOINT search');
    await client.query('RELEASE SAVEPOINT search');
    if (badSeries.length + badRows.length === 0)
      // The batch failed as a whole and each part of it passes: nobody's own fault, so the caller tries again.
      throw new StoreUnavailableError('The database refused a batch, and no row of it alone');
    return samples.flatMap((positioned) => {
      // A refused series takes every sample with it; a refused row only the sample whose value it had.
      const fault = bySeries.get(this.known.of(positioned.sample).hex) ?? bySample.get(positioned);
      return fault === undefined ? [] : [refuse(positioned, fault)];
    });
  }
}

function refuse({ sample, topic, partition, offset }: PositionedSample, fault: unknown): RefusedSample {
  return { sample, topic, partition, offset, error: rejected(fault) };
}
