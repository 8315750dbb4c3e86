/**
 * The median of what `measure` answers, called so many times, one after the other. For what is promised in milliseconds: whatever else the
 * machine does may hold up one or two of them, and not most.
 */
export async function medianOf(times: number, measure: (n: number) => Promise<number>): Promise<number> {
  const measured: number[] = [];
  for (let n = 0; n < times; n += 1) measured.push(await measure(n));
  return median(measured);
}

/** The upper one of an even number; NaN of none. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN;
}
