/** Indices `from` (inclusive) to `to` (exclusive) of a chunk's records. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

/** Which records of which chunks are answered: a few numbers for each chunk, however many records it has. */
export class AnsweredRanges {
  /** By chunk, in ascending order and neither touching nor overlapping. */
  private readonly chunks = new Map<string, readonly IndexRange[]>();

  /** Chunks of which something is answered. */
  get size(): number {
    return this.chunks.size;
  }

  add(replayId: string, chunk: number, { from, to }: IndexRange): void {
    if (from >= to) return;
    const apart: IndexRange[] = [];
    let joined = { from, to };
    for (const range of this.of(replayId, chunk))
      if (range.to < joined.from || range.from > joined.to) apart.push(range);
      else joined = { from: Math.min(range.from, joined.from), to: Math.max(range.to, joined.to) };
    this.chunks.set(
      key(replayId, chunk),
      [...apart, joined].toSorted((a, b) => a.from - b.from),
    );
  }

  /** The stretches without an answer of a chunk that has so many records, in order. */
  missing(replayId: string, chunk: number, records: number): IndexRange[] {
    const gaps: IndexRange[] = [];
    let next = 0;
    for (const { from, to } of this.of(replayId, chunk)) {
      if (from > next) gaps.push({ from: next, to: Math.min(from, records) });
      next = Math.max(next, to);
    }
    if (next < records) gaps.push({ from: next, to: records });
    return gaps.filter(({ from, to }) => from < to);
  }

  clear(): void {
    this.chunks.clear();
  }

  private of(replayId: string, chunk: number): readonly IndexRange[] {
    return this.chunks.get(key(replayId, chunk)) ?? [];
  }
}

const key = (replayId: string, chunk: number): string => `${chunk}/${replayId}`;
