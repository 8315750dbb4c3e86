import type { SeriesHash } from './series-hash.js';

const FIRST_CAPACITY = 1_024;
/** At most so full, or looking takes long. */
const MAX_LOAD = 0.6;

/**
 * When each series of one tenant was seen last, by the hash of its key: open addressing in typed arrays, 12 bytes a slot, so that a
 * million series take 20 to 40 MB and nothing of it is an object. Times in whole seconds above 0.
 */
export class SeriesTable {
  private highs = new Uint32Array(FIRST_CAPACITY);
  private lows = new Uint32Array(FIRST_CAPACITY);
  /** 0: the slot is free. */
  private seenAt = new Uint32Array(FIRST_CAPACITY);
  private entries = 0;
  /** So that nobody outside can tell which series end up in one row of slots. */
  private readonly seed = (Math.random() * 2 ** 32) >>> 0;

  /** Series in it, those included that were not seen for long and not dropped yet. */
  get size(): number {
    return this.entries;
  }

  /** When it was seen last; 0: never, or it was dropped. */
  lastSeen(hash: SeriesHash): number {
    return this.seenAt[this.slotOf(hash)] ?? 0;
  }

  see(hash: SeriesHash, nowSeconds: number): void {
    let slot = this.slotOf(hash);
    if (this.seenAt[slot] === 0) {
      if (this.entries + 1 > this.seenAt.length * MAX_LOAD) {
        this.rebuild(this.seenAt.length * 2, 0);
        slot = this.slotOf(hash);
      }
      this.entries += 1;
      this.highs[slot] = hash.high;
      this.lows[slot] = hash.low;
    }
    this.seenAt[slot] = nowSeconds;
  }

  /** Drops what was not seen since. Takes as long as the table is large. */
  dropBefore(seconds: number): void {
    this.rebuild(this.seenAt.length, seconds);
  }

  /** Where it is, or the free slot where it would be. */
  private slotOf({ high, low }: SeriesHash): number {
    const { highs, lows, seenAt, seed } = this;
    const mask = seenAt.length - 1;
    let slot = Math.imul(low ^ seed, 2654435761) >>> 0;
    for (slot = (slot ^ (slot >>> 15)) & mask; seenAt[slot] !== 0; slot = (slot + 1) & mask)
      if (highs[slot] === high && lows[slot] === low) return slot;
    return slot;
  }

  private rebuild(capacity: number, from: number): void {
    const { highs, lows, seenAt } = this;
    this.highs = new Uint32Array(capacity);
    this.lows = new Uint32Array(capacity);
    this.seenAt = new Uint32Array(capacity);
    this.entries = 0;
    for (let old = 0; old < seenAt.length; old += 1) {
      const seen = seenAt[old] ?? 0;
      if (seen === 0 || seen < from) continue;
      const hash = { high: highs[old] ?? 0, low: lows[old] ?? 0 };
      const slot = this.slotOf(hash);
      this.highs[slot] = hash.high;
      this.lows[slot] = hash.low;
      this.seenAt[slot] = seen;
      this.entries += 1;
    }
  }
}
