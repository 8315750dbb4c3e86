import { takeTimestamp } from '../write/binary.js';
import type { MatchedSeries } from './series.js';

const BYTES = 8;

/** Of `metrics.points_of_series`: one for each series that has a point on the page, and one without a series where none has. */
export interface SeriesRow {
  /** How many series the filter matched. */
  readonly matched: number;
  readonly id: string | null;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Of each point, newest first, 8 bytes in base64. */
  readonly times: string;
  readonly points: string;
}

export interface PlacedPoint {
  readonly series: MatchedSeries;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly value: number;
}

/** All points, newest first; at the same time, in descending order of series id. */
export function placedPoints(rows: readonly SeriesRow[]): PlacedPoint[] {
  const placed: PlacedPoint[] = [];
  for (const { id, name, environment, labels, times, points } of rows) {
    if (id === null) continue;
    const series = { id, name, environment, labels };
    const [moments, values] = [Buffer.from(times, 'base64'), Buffer.from(points, 'base64')];
    for (let at = 0; at < moments.length; at += BYTES)
      placed.push({ series, timestamp: takeTimestamp(moments, at), value: values.readDoubleBE(at) });
  }
  return rows.length > 1 ? placed.toSorted(newestFirst) : placed;
}

function newestFirst(a: PlacedPoint, b: PlacedPoint): number {
  if (a.timestamp !== b.timestamp) return b.timestamp - a.timestamp;
  return a.series.id < b.series.id ? 1 : -1;
}
