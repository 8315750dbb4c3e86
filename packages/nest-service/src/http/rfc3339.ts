/**
 * RFC 3339, section 5.6, to epoch milliseconds; null for anything else.
 *
 * One to nine fractional digits are read and those past the millisecond cut off. Strict on purpose: there must be an
 * offset (a local time names no moment), the day must exist, and `:60` is refused, since epoch time has no leap second
 * and moving the sample to another second would change what was said.
 */
export function parseRfc3339(text: string): number | null {
  const length = text.length;
  if (length < 20 || length > 35) return null;
  if (
    text.charCodeAt(4) !== DASH ||
    text.charCodeAt(7) !== DASH ||
    (text.charCodeAt(10) | LOWER_CASE) !== LETTER_T ||
    text.charCodeAt(13) !== COLON ||
    text.charCodeAt(16) !== COLON
  )
    return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  // A part that has something else than digits is NaN, and no comparison with NaN holds.
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return null;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return null;

  let at = 19;
  let millisecond = 0;
  if (text.charCodeAt(at) === DOT) {
    const end = endOfDigits(text, at + 1);
    const count = end - at - 1;
    if (count < 1 || count > 9) return null;
    millisecond = digits(text, at + 1, at + 1 + Math.min(count, 3)) * (POWERS_OF_TEN[3 - Math.min(count, 3)] ?? 1);
    at = end;
  }
  const offsetMinutes = parseOffset(text, at);
  if (offsetMinutes === null) return null;
  const days = daysSinceEpoch(year, month, day);
  return (((days * 24 + hour) * 60 + minute - offsetMinutes) * 60 + second) * 1000 + millisecond;
}

const DASH = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const LETTER_T = 0x74;
const LETTER_Z = 0x7a;
/** Turns the code of an upper-case letter into that of the lower-case one: section 5.6 allows both. */
const LOWER_CASE = 0x20;
const POWERS_OF_TEN = [1, 10, 100];
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Minutes ahead of UTC, or null where the text from `at` on is not `Z` or `±hh:mm` and nothing more. */
function parseOffset(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  if ((sign | LOWER_CASE) === LETTER_Z) return text.length === at + 1 ? 0 : null;
  if ((sign !== PLUS && sign !== DASH) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) return null;
  const hour = digits(text, at + 1, at + 3);
  const minute = digits(text, at + 4, at + 6);
  if (!(hour <= 23 && minute <= 59)) return null;
  return (sign === PLUS ? 1 : -1) * (hour * 60 + minute);
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= ZERO + 9) at += 1;
  return at;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) return 29;
  return DAYS_IN_MONTH[month - 1] ?? 0;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar. `Date.UTC` would take the years 0 to 99 for 1900 to 1999. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year; // years that begin in March end with the leap day
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
