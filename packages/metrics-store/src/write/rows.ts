import { RowRejectedError } from '@weir/errors';

import type { PositionedSample, RefusedSample } from '../settlement.js';
import { FIRST_TIMESTAMP_MS, LAST_TIMESTAMP_MS } from './binary.js';
import type { KnownSeries, Series } from './known-series.js';

/** One row to be written, and the sample that won its place. */
export interface Row {
  readonly series: Series;
  readonly timestampMs: number;
  chosen: PositionedSample;
}

/** Does `later`, which comes after `earlier` in the log, replace it? (guarantees, rule 7) */
function replaces(later: PositionedSample, earlier: PositionedSample): boolean {
  return later.sample.replayed
    ? later.sample.version > earlier.sample.version
    : later.sample.version >= earlier.sample.version;
}

/** The rows of one series: in order of time as long as `byTime` is null, which is how samples mostly come. */
interface SeriesRows {
  readonly series: Series;
  readonly rows: Row[];
  byTime: Map<number, Row> | null;
}

/**
 * One row for each series and time, since `ON CONFLICT` cannot meet a row twice in a statement; in key order, so that two
 * writers lock in the same order. Folding by the version rule gives what writing one after the other would have given.
 */
export function foldRows(samples: readonly PositionedSample[], known: KnownSeries): Row[] {
  const bySeries = new Map<string, SeriesRows>();
  for (const positioned of samples) {
    const series = known.of(positioned.sample);
    let group = bySeries.get(series.hex);
    if (group === undefined) bySeries.set(series.hex, (group = { series, rows: [], byTime: null }));
    fold(group, positioned);
  }
  const folded: Row[] = [];
  for (const { rows, byTime } of [...bySeries.values()].toSorted(bySeriesId)) {
    if (byTime !== null) rows.sort((a, b) => a.timestampMs - b.timestampMs);
    for (const row of rows) folded.push(row);
  }
  return folded;
}

function fold(group: SeriesRows, positioned: PositionedSample): void {
  const { series, rows } = group;
  const { timestampMs } = positioned.sample;
  const last = rows.at(-1);
  if (last !== undefined && timestampMs <= last.timestampMs)
    group.byTime ??= new Map(rows.map((row) => [row.timestampMs, row]));
  const row = group.byTime?.get(timestampMs);
  if (row === undefined) {
    const fresh = { series, timestampMs, chosen: positioned };
    rows.push(fresh);
    group.byTime?.set(timestampMs, fresh);
  } else if (replaces(positioned, row.chosen)) row.chosen = positioned;
}

function bySeriesId(a: SeriesRows, b: SeriesRows): number {
  return a.series.hex < b.series.hex ? -1 : 1;
}

/** Samples that cannot even be put into PostgreSQL's types; found here, since one of them would spoil the whole array. */
export function refuseUnrepresentable(samples: readonly PositionedSample[]): RefusedSample[] {
  const refused: RefusedSample[] = [];
  for (const positioned of samples) {
    const { timestampMs, version } = positioned.sample;
    if (!Number.isInteger(timestampMs) || timestampMs < FIRST_TIMESTAMP_MS || timestampMs > LAST_TIMESTAMP_MS)
      refused.push({
        ...positioned,
        error: new RowRejectedError('22008', `the timestamp ${timestampMs} is out of range`),
      });
    else if (!Number.isSafeInteger(version))
      refused.push({ ...positioned, error: new RowRejectedError('22003', `the version ${version} is out of range`) });
  }
  return refused;
}
