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
  /** Of each point 8 bytes, in base64; as a rule newest first. */
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
  let inOrder = rows.length === 1;
  for (const { id, name, environment, labels, times, points } of rows) {
    if (id === null) continue;
    const series = { id, name, environment, labels };
    const [moments, values] = [Buffer.from(times, 'base64'), Buffer.from(points, 'base64')];
    let before = Infinity;
    for (let at = 0; at < moments.length; at += BYTES) {
      const timestamp = takeTimestamp(moments, at);
      if (timestamp > before) inOrder = false; // SQL promises no order within an aggregate
      before = timestamp;
      placed.push({ series, timestamp, value: values.readDoubleBE(at) });
    }
  }
  return inOrder ? placed : placed.toSorted(newestFirst);
}

function newestFirst(a: PlacedPoint, b: PlacedPoint): number {
  if (a.timestamp !== b.timestamp) return b.timestamp - a.timestamp;
  return a.series.id < b.series.id ? 1 : -1;
}
