/**
 * Collects bytes in one piece of memory. Pieces that are kept as they come cost some hundreds of bytes each, and a caller may send a
 * body byte by byte.
 */
export class GrowingBuffer {
  private memory: Buffer = Buffer.alloc(0);
  private used = 0;

  /** `reserve` is told of every size before it is allocated, and refuses by throwing. */
  constructor(
    private readonly sizes: { readonly first: number; readonly max: number },
    private readonly reserve: (bytes: number) => void,
  ) {}

  get length(): number {
    return this.used;
  }

  append(bytes: Buffer): void {
    const length = this.used + bytes.length;
    if (length > this.memory.length) this.grow(length);
    bytes.copy(this.memory, this.used);
    this.used = length;
  }

  get bytes(): Buffer {
    return this.memory.subarray(0, this.used);
  }

  private grow(needed: number): void {
    const doubled = Math.max(this.sizes.first, this.memory.length * 2, needed);
    const size = Math.max(needed, Math.min(doubled, this.sizes.max));
    this.reserve(size);
    const grown = Buffer.allocUnsafeSlow(size);
    this.memory.copy(grown, 0, 0, this.used);
    this.memory = grown;
  }
}
