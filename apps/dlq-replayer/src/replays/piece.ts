import type { IndexRange } from './answered-ranges.js';
import type { Verdict } from './verdict.js';

/** What one transaction does: verdicts on a stretch of a chunk's records. */
export interface Piece {
  readonly range: IndexRange;
  /** On each record of the range, in their order. */
  readonly verdicts: readonly Verdict[];
}

/**
 * Gathers verdicts, which come in any order, on a stretch of a chunk's records, and keeps of its beginning as much as fits into one transaction.
 *
 * So neither memory nor the transaction ever holds more than `maxBytes` of records, or one record.
 */
export class PieceInTheMaking {
  private readonly verdicts = new Map<number, Verdict>();
  private bytes = 0;
  private to: number;

  constructor(
    private readonly range: IndexRange,
    private readonly maxBytes: number,
  ) {
    this.to = range.to;
  }

  /** `index` is that within the chunk. */
  add(index: number, verdict: Verdict): void {
    if (index >= this.to) return;
    this.verdicts.set(index, verdict);
    this.bytes += bytesOf(verdict);
    while (this.bytes > this.maxBytes && this.to > this.range.from + 1) this.dropLast();
  }

  /** To be called once there is a verdict on every record of the stretch. */
  finish(): Piece {
    const verdicts: Verdict[] = [];
    for (let index = this.range.from; index < this.to; index += 1) {
      const verdict = this.verdicts.get(index);
      if (verdict === undefined) throw new TypeError(`there is no verdict on record ${index} of the chunk`);
      verdicts.push(verdict);
    }
    return { range: { from: this.range.from, to: this.to }, verdicts };
  }

  private dropLast(): void {
    this.to -= 1;
    const verdict = this.verdicts.get(this.to);
    if (verdict === undefined) return;
    this.verdicts.delete(this.to);
    this.bytes -= bytesOf(verdict);
  }
}

const bytesOf = (verdict: Verdict): number => (verdict.outcome === 'published' ? verdict.bytes : 0);

/**
 * How many records the next transaction takes: after two that failed the half of what they had, down to one, so that a record that
 * no broker takes is found; after each that was committed twice as many again (guarantees, rule 20).
 */
export class PieceSize {
  private failures = 0;
  private size: number;

  constructor(private readonly max: number) {
    this.size = max;
  }

  get records(): number {
    return this.size;
  }

  failed(records: number): void {
    this.failures += 1;
    if (this.failures < 2) return;
    this.failures = 0;
    this.size = Math.max(1, Math.ceil(records / 2));
  }

  committed(): void {
    this.failures = 0;
    this.size = Math.min(this.max, this.size * 2);
  }

  reset(): void {
    this.failures = 0;
    this.size = this.max;
  }
}
