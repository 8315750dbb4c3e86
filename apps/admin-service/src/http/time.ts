const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
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
  return RFC_3339.test(value) ? Date.parse(value) : null;
}
