import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A whole number within its bounds. */
export const whole =
  (least: number, most: number) =>
  (given: string): number => {
    const n = /^-?\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (n >= least && n <= most) return n;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** A number within its bounds. */
export const numeric =
  (least: number, most: number) =>
  (given: string): number => {
    const n = given.trim() === '' ? Number.NaN : Number(given);
    if (n >= least && n <= most) return n;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };

/** Any finite number: the value of a metric. */
export const finite = (given: string): number => {
  const n = given.trim() === '' ? Number.NaN : Number(given);
  if (Number.isFinite(n)) return n;
  throw new InvalidArgumentError('It must be a finite number.');
};

export const seconds = numeric(0.2, 3_600);

/** A time as RFC 3339 or epoch milliseconds, or so long ago: `15m`, `1h`, `7d`. Answers epoch milliseconds. */
export const moment = (given: string): number => {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(given) ?? [];
  if (amount !== '') return Date.now() - Number(amount) * (UNITS[unit] ?? 0);
  const at = /^\d{10,15}$/.test(given)
    ? Number(given)
    : /^\d{4}-\d\d-\d\dT/.test(given)
      ? Date.parse(given)
      : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new InvalidArgumentError('It must be so long ago (15m, 1h, 7d), RFC 3339, or epoch milliseconds.');
};

/** `name=value`, as often as it is given. */
export const pair = (given: string, before: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const at = given.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value.');
  return { ...before, [given.slice(0, at)]: given.slice(at + 1) };
};
