const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const KILO = 1_000;
const numbers = new Intl.NumberFormat('en-US');

/** `12,345` */
export const count = (n: number): string => numbers.format(n);

/** `1 record`, `12,345 records` */
export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** The two largest units that matter: `240 ms`, `12 s`, `3 min 20 s`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return pair(ms, [MINUTE_MS, 'min'], [SECOND_MS, 's']);
  if (ms < DAY_MS) return pair(ms, [HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return pair(ms, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

type Unit = readonly [ms: number, name: string];

function pair(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small);
  const whole = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

/** `512 B`, `1.2 kB`, `3.4 MB` */
export function bytes(n: number): string {
  if (n < KILO) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(n) / 3), units.length);
  return `${(n / KILO ** power).toFixed(1)} ${units[power - 1] ?? ''}`;
}

/** A time of the API (RFC 3339) or epoch milliseconds, to the second and in UTC: `2026-11-22 09:31:05Z`. */
export function time(given: string | number | null): string {
  if (given === null) return '–';
  const at = new Date(given);
  return Number.isNaN(at.getTime()) ? '–' : `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** `3 min ago` */
export const ago = (given: string, nowMs: number): string => `${duration(Math.max(0, nowMs - Date.parse(given)))} ago`;

/** What is not there. */
export const NONE = '–';
