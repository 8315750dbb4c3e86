/** 64 bits, as two unsigned 32-bit integers. */
export interface SeriesHash {
  high: number;
  low: number;
}

/**
 * Hashes the bytes of a series' key into `into`, so that a batch makes no objects. cyrb53's two multiplicative streams (bryc, public domain), with the
 * whole of both kept: of 150,000 series two are taken for one about once in two thousand million. Not for secrets.
 */
export function hashSeries(keys: Uint8Array, start: number, end: number, into: SeriesHash): void {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = start; at < end; at += 1) {
    const byte = keys[at]!;
    high = Math.imul(high ^ byte, 2654435761);
    low = Math.imul(low ^ byte, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  into.high = high >>> 0;
  into.low = low >>> 0;
}

export const hashText = ({ high, low }: SeriesHash): string =>
  high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
