import type { MetricEvent } from '@weir/avro';
import { DEFAULT_SAMPLE_LIMITS, STORABLE } from '@weir/tenancy';

import { type Finding, type FindingCode, finding } from './finding.js';

interface Unit {
  readonly code: FindingCode;
  readonly name: string;
  readonly perMs: number;
}

const UNITS: readonly Unit[] = [
  { code: 'timestamp_in_seconds', name: 'seconds', perMs: 1 / 1_000 },
  { code: 'timestamp_in_microseconds', name: 'microseconds', perMs: 1_000 },
  { code: 'timestamp_in_nanoseconds', name: 'nanoseconds', perMs: 1_000_000 },
];
const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** The unit in which a timestamp lies near the time of appending, where milliseconds do not; null where none fits. */
export function unitOf(
  timestamp: number,
  appendedMs: number,
): { readonly code: FindingCode; readonly words: string } | null {
  const near = (ms: number): boolean => Math.abs(ms - appendedMs) < YEAR_MS;
  if (!Number.isFinite(timestamp) || near(timestamp)) return null;
  const unit = UNITS.find(({ perMs }) => near(timestamp / perMs));
  if (unit === undefined) return null;
  const meant = timeOf(timestamp / unit.perMs);
  return {
    code: unit.code,
    words: `${timestamp} is taken for milliseconds and so for ${timeOf(timestamp)}; in ${unit.name} it is ${meant}, near the ${timeOf(appendedMs)} at which the record was appended.`,
  };
}

/** Whether a timestamp is outside of what the store holds, and what it may have meant. The first is decisive, the others are not. */
export function examineTimestamp(
  { timestamp }: MetricEvent,
  appendedMs: number,
  byte: number | undefined,
): { readonly refusing: Finding[]; readonly hints: Finding[] } {
  const where = { byte, field: 'timestamp' };
  const unit = unitOf(timestamp, appendedMs);
  const meant = unit === null ? [] : [finding(unit.code, unit.words, where)];
  if (!Number.isInteger(timestamp) || timestamp < STORABLE.earliestMs || timestamp > STORABLE.latestMs) {
    const words = `The timestamp ${timestamp} is ${timeOf(timestamp)}; the store holds ${timeOf(STORABLE.earliestMs)} to ${timeOf(STORABLE.latestMs)}.`;
    return { refusing: [...meant, finding('timestamp_outside_store', words, where)], hints: [] };
  }
  if (timestamp === 0)
    return {
      refusing: [],
      hints: [
        finding('timestamp_zero', 'The timestamp is 0, 1970-01-01T00:00:00.000Z: nobody set it, probably.', where),
      ],
    };
  return { refusing: [], hints: meant.length > 0 ? meant : outsideWindow(timestamp, appendedMs, where) };
}

function outsideWindow(
  timestamp: number,
  appendedMs: number,
  where: { byte: number | undefined; field: string },
): Finding[] {
  const { pastWindowMs, futureWindowMs } = DEFAULT_SAMPLE_LIMITS;
  const ahead = timestamp - appendedMs;
  if (ahead <= futureWindowMs && ahead >= -pastWindowMs) return [];
  const limit =
    ahead > 0 ? `at most ${futureWindowMs / 60_000} minutes ahead` : `at most ${pastWindowMs / DAY_MS} days back`;
  const words = `The timestamp is ${timeOf(timestamp)}, and the record was appended at ${timeOf(appendedMs)}; ingest-api takes ${limit} unless a tenant’s limit says otherwise.`;
  return [finding('timestamp_outside_window', words, where)];
}

/** Dates of JavaScript end in the year 275,760. */
const LAST_DATE_MS = 8.64e15;

function timeOf(ms: number): string {
  return Math.abs(ms) <= LAST_DATE_MS
    ? new Date(Math.round(ms)).toISOString()
    : `${ms > 0 ? 'after' : 'before'} all dates`;
}
