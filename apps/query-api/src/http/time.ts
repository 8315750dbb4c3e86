import { ValidationError } from '@weir/errors';
import { parseRfc3339 } from '@weir/nest-service';

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
  const timeMs = EPOCH_MS.test(text) ? Number(text) : parseRfc3339(text);
  if (timeMs !== null && timeMs >= 0 && timeMs <= LATEST_MS) return timeMs;
  throw new ValidationError(
    'time_unreadable',
    `\`${name}\` must be a time since 1970, as epoch milliseconds or RFC 3339 with its offset (a "+" is written %2B in a query string).`,
  );
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
