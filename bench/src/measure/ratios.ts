/** The smallest, the median and the largest of some measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Of an even number of values the median lies between the middle two. Throws RangeError where there is none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError('There is no value.');
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? min;
  const high = sorted[Math.floor(sorted.length / 2)] ?? max;
  return { min, median: (low + high) / 2, max };
}

/** Of how long something took, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** By the nearest rank (https://en.wikipedia.org/wiki/Percentile). Throws RangeError where there is no value. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    if (value === undefined) throw new RangeError('There is no value.');
    return value;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/**
 * Each of `one` over that of `other` of the same pair: what the machine did to both at the time falls out of it.
 *
 * Throws RangeError where they are not of equal length.
 */
export function ratiosOf(one: readonly number[], other: readonly number[]): number[] {
  if (one.length !== other.length) throw new RangeError(`${one.length} and ${other.length} make no pairs.`);
  return one.map((value, at) => value / (other[at] ?? Number.NaN));
}
