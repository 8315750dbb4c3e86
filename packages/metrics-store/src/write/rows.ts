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

/**
 * One row for each series and time, since `ON CONFLICT` cannot meet a row twice in a statement; in key order, so that two
 * writers lock in the same order. Folding by the version rule gives what writing one after the other would have given.
 */
export function foldRows(samples: readonly PositionedSample[], known: KnownSeries): Row[] {
  const rows = new Map<string, Map<number, Row>>();
  const folded: Row[] = [];
  for (const positioned of samples) {
    const series = known.of(positioned.sample);
    const { timestampMs } = positioned.sample;
    let ofSeries = rows.get(series.hex);
    if (ofSeries === undefined) rows.set(series.hex, (ofSeries = new Map()));
    const row = ofSeries.get(timestampMs);
    if (row === undefined) {
      const fresh = { series, timestampMs, chosen: positioned };
      ofSeries.set(timestampMs, fresh);
      folded.push(fresh);
    } else if (replaces(positioned, row.chosen)) row.chosen = positioned;
  }
  return folded.toSorted(byKey);
}

function byKey(a: Row, b: Row): number {
  if (a.series.hex !== b.series.hex) return a.series.hex < b.series.hex ? -1 : 1;
  return a.timestampMs - b.timestampMs;
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
