import { parseRfc3339 } from '@weir/nest-service';

const LATEST_MS = Date.UTC(9999, 11, 31);

/** Epoch milliseconds of RFC 3339 with its offset, or of epoch milliseconds as a number or digits; null for anything else. */
export function timeOf(value: unknown): number | null {
  const timeMs = epochMs(value);
  return timeMs !== null && Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= LATEST_MS ? timeMs : null;
}

function epochMs(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  return parseRfc3339(value);
}

/** For PostgreSQL; null where none is given. */
export const dateOf = (timeMs: number | null): Date | null => (timeMs === null ? null : new Date(timeMs));
