import { randomFillSync } from 'node:crypto';

const WORDS_PER_ID = 4;
const FEWEST_SLOTS = 1_024;
/** At most so full, or looking takes long. */
const MAX_LOAD = 0.75;

/**
 * The 16-byte ids that were used last. Exact: no id is ever taken for another.
 *
 * Bounded: two generations of `capacity / 2` ids each; a generation that is full replaces the older one, so what is in use stays and
 * what is not goes. In typed arrays that grow as they fill: 21 to 43 bytes an id, and nothing that the garbage collector has to follow.
 */
export class KnownIds {
  private young = new IdTable();
  private old = new IdTable();

  constructor(private readonly capacity: number) {}

  has(id: Buffer): boolean {
    if (this.young.has(id)) return true;
    if (!this.old.has(id)) return false;
    this.add(id);
    return true;
  }

  add(id: Buffer): void {
    if (this.young.has(id)) return;
    if (this.young.size >= this.capacity / 2) {
      const emptied = this.old;
      emptied.empty();
      this.old = this.young;
      this.young = emptied;
    }
    this.young.add(id);
  }

  /** Gives the memory back too. */
  clear(): void {
    this.young = new IdTable();
    this.old = new IdTable();
  }
}

/** Open addressing; a slot is the id itself, as four words. */
class IdTable {
  private words = new Int32Array(FEWEST_SLOTS * WORDS_PER_ID);
  private ids = 0;
  /** Odd, and of this table alone, so that nobody can prepare ids that end up in one row of slots: multiply-shift hashing (Dietzfelbinger). */
  private readonly seed = randomFillSync(new Int32Array(WORDS_PER_ID)).map((word) => word | 1);

  get size(): number {
    return this.ids;
  }

  has(id: Buffer): boolean {
    const at = this.find(id.readInt32LE(0), id.readInt32LE(4), id.readInt32LE(8), id.readInt32LE(12));
    return !isFree(this.words, at);
  }

  /** The id of zeros alone, which looks like a free slot, is never held. */
  add(id: Buffer): void {
    if ((this.ids + 1) * WORDS_PER_ID > this.words.length * MAX_LOAD) this.grow();
    this.ids += this.put(id.readInt32LE(0), id.readInt32LE(4), id.readInt32LE(8), id.readInt32LE(12));
  }

  empty(): void {
    this.words.fill(0);
    this.ids = 0;
  }

  /** How many came to it: none or one. */
  private put(a: number, b: number, c: number, d: number): number {
    const { words } = this;
    const at = this.find(a, b, c, d);
    if (!isFree(words, at) || (a | b | c | d) === 0) return 0;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    return 1;
  }

  /** Where it is, or the free slot where it would be. */
  private find(a: number, b: number, c: number, d: number): number {
    const { words, seed } = this;
    const mask = words.length - 1;
    const hash =
      Math.imul(a, seed[0] ?? 1) + Math.imul(b, seed[1] ?? 1) + Math.imul(c, seed[2] ?? 1) + Math.imul(d, seed[3] ?? 1);
    // Of the upper bits, which are the ones that depend on all bits of the words.
    let at = (hash >>> Math.clz32(mask)) & -WORDS_PER_ID;
    while (!isFree(words, at)) {
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
      at = (at + WORDS_PER_ID) & mask;
    }
    return at;
  }

  private grow(): void {
    const { words } = this;
    this.words = new Int32Array(words.length * 2);
    for (let at = 0; at < words.length; at += WORDS_PER_ID)
      this.put(words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0);
  }
}

function isFree(words: Int32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
}
