import { ValidationError } from '@weir/errors';

import type { Parameters } from './parameters.js';

/** From `fromMs` (inclusive) to `toMs` (exclusive), epoch milliseconds. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const HOUR_MS = 3_600_000;
/** The largest time that ECMAScript can name (ECMA-262, 21.4.1.1). */
const LATEST_MS = 8.64e15;
const EPOCH_MS = /^\d{1,16}$/;
/** RFC 3339, section 5.6. */
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Reads what was given of `from` and `to`, for a page that keeps the range of the first one. */
export function givenRangeOf(parameters: Parameters): Partial<TimeRange> {
  const [from, to] = [parameters.optional('from'), parameters.optional('to')];
  return {
    ...(from === undefined ? {} : { fromMs: timeOf('from', from) }),
    ...(to === undefined ? {} : { toMs: timeOf('to', to) }),
  };
}

/**
 * Reads `from` and `to`; without `to` it is now, without `from` it is an hour before `to`.
 *
 * A range that is empty or turned round is refused, since its answer would look like "there is no data".
 */
export function timeRangeOf(parameters: Parameters, nowMs: number): TimeRange {
  const given = givenRangeOf(parameters);
  const toMs = given.toMs ?? nowMs;
  const fromMs = given.fromMs ?? toMs - HOUR_MS;
  if (fromMs >= toMs) throw new ValidationError('range_empty', '`from` must lie before `to`.');
  return { fromMs, toMs };
}

/** Epoch milliseconds of an RFC 3339 date-time or of epoch milliseconds in decimal. */
export function timeOf(name: string, text: string): number {
  const timeMs = EPOCH_MS.test(text) ? Number(text) : rfc3339Ms(text);
  if (timeMs !== undefined && timeMs >= 0 && timeMs <= LATEST_MS) return timeMs;
  throw new ValidationError(
    'time_unreadable',
    `\`${name}\` must be a time since 1970, as epoch milliseconds or RFC 3339 with its offset (a "+" is written %2B in a query string).`,
  );
}

function rfc3339Ms(text: string): number | undefined {
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  const part = (index: number): number => Number(parts[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const [offsetHours, offsetMinutes] = [part(9), part(10)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const milliseconds = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  // A day that its month does not have would have rolled over into the next one.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return date.getTime() - (parts[8] === '-' ? -offsetMs : offsetMs);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

/** Milliseconds of a duration as Prometheus writes a single one: `30s`, `5m`, `1h`, `7d`. */
export function durationOf(name: string, text: string): number {
  const parts = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  const unitMs = UNIT_MS[parts?.[2] ?? ''];
  const durationMs = Number(parts?.[1]) * (unitMs ?? NaN);
  if (!(durationMs <= LATEST_MS))
    throw new ValidationError('duration_unreadable', `\`${name}\` must be a duration such as 30s, 5m, 1h or 7d.`);
  return durationMs;
}
