import type { PlacedPoint } from './placed-points.js';
import type { MatchedSeries } from './series.js';

const ZERO = 0x30;
const MINUS = 0x2d;
const COMMA = 0x2c;
/** The longest text of a double, such as -1.2345678901234567e-100. */
const NUMBER_BYTES = 24;
/** Up to here a whole number is written digit by digit; its halves are then small integers. */
const WHOLE_BELOW = 1e15;
const HALF = 1e7;

const BEGIN = Buffer.from('{"points":[');
const TIMESTAMP = Buffer.from('{"timestamp":');
const NULL = Buffer.from('null');

/** What the points of a series share, between time and value and behind the value. */
interface Shared {
  readonly name: Buffer;
  readonly rest: Buffer;
}

/**
 * The bytes of `JSON.stringify({ points, nextCursor })`, written without the objects and texts of it: most of an answer is what its points
 * share, which is rendered once for each series.
 */
export function pointsJson(placed: readonly PlacedPoint[], nextCursor: string | null): Buffer {
  const shared = new Map<MatchedSeries, Shared>();
  const end = Buffer.from(`],"nextCursor":${JSON.stringify(nextCursor)}}`);
  let room = BEGIN.length + end.length;
  for (const { series } of placed) {
    let of = shared.get(series);
    if (of === undefined) shared.set(series, (of = sharedBy(series)));
    room += TIMESTAMP.length + of.name.length + of.rest.length + 2 * NUMBER_BYTES + 1;
  }
  const json = Buffer.allocUnsafe(room);
  let at = put(json, BEGIN, 0);
  const first = at;
  for (const { series, timestamp, value } of placed) {
    const of = shared.get(series);
    if (of === undefined) continue;
    if (at > first) json[at++] = COMMA;
    at = put(json, TIMESTAMP, at);
    at = putNumber(json, timestamp, at);
    at = put(json, of.name, at);
    at = putNumber(json, value, at);
    at = put(json, of.rest, at);
  }
  return json.subarray(0, put(json, end, at));
}

function sharedBy({ name, labels, environment }: MatchedSeries): Shared {
  return {
    name: Buffer.from(`,"name":${JSON.stringify(name)},"value":`),
    rest: Buffer.from(`,"labels":${JSON.stringify(labels)},"environment":${JSON.stringify(environment)}}`),
  };
}

function put(into: Buffer, bytes: Buffer, at: number): number {
  into.set(bytes, at);
  return at + bytes.length;
}

/** As JSON has it; what is no number there is null. Returns where it ends. */
function putNumber(into: Buffer, value: number, at: number): number {
  if (Number.isInteger(value) && value > -WHOLE_BELOW && value < WHOLE_BELOW) return putWhole(into, value, at);
  if (!Number.isFinite(value)) return put(into, NULL, at);
  const text = String(value);
  for (let i = 0; i < text.length; i += 1) into[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function putWhole(into: Buffer, value: number, at: number): number {
  if (value < 0) {
    into[at] = MINUS;
    return putWhole(into, -value, at + 1);
  }
  const high = Math.floor(value / HALF);
  if (high === 0) return putDigits(into, value, at, digitsOf(value));
  return putDigits(into, value - high * HALF, putDigits(into, high, at, digitsOf(high)), 7);
}

/** `count` digits of a small integer, from the last to the first. */
function putDigits(into: Buffer, value: number, at: number, count: number): number {
  let left = value | 0;
  for (let i = at + count - 1; i >= at; i -= 1) {
    const next = (left / 10) | 0;
    into[i] = ZERO + left - next * 10;
    left = next;
  }
  return at + count;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count += 1;
  return count;
}
